use habeas_domain::{Action, Setting, Standing, may};
use serde_json::{Value, json};

/// Who somebody is here, and what they may do. Names of what they may do are
/// public API.
#[must_use]
pub fn me(standing: &Standing) -> Value {
    let house = standing.house();
    let actions = [
        ("export_own_data", Action::FileExportOfOneself(house)),
        ("export_data_of_others", Action::FileExport),
        ("delete_data", Action::FileDeletion),
        ("see_all_requests", Action::HandleAnyRequest),
        ("change_own_settings", Action::ChangeOwnSetting(Setting::AiTrainingOptOut, house.settings)),
        ("change_account_settings", Action::SeeAccountSettings),
        ("read_ledger", Action::SeeLedger),
        ("manage_holds", Action::HandleHolds),
    ];
    let allowed = actions.into_iter().filter(|(_, action)| may(standing.member.role, *action).is_ok());
    let (member, account) = (&standing.member, &standing.account);
    json!({
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "account": {
            "id": account.id, "name": account.name, "plan": account.plan, "country": account.country,
        },
        "may": allowed.map(|(name, _)| name).collect::<Vec<_>>(),
    })
}
