use super::*;
use crate::{AccountId, Basis, Chosen, Country, Plan, Topic};

const ROLES: [Role; 3] = [Role::Owner, Role::Admin, Role::Member];

const PLANS: [Plan; 6] =
    [Plan::Free, Plan::FreeWithCard, Plan::Pro, Plan::ProMultiLicense, Plan::Business, Plan::Enterprise];

const SETTINGS: [Setting; 9] = [
    Setting::RequiredDiagnosticData,
    Setting::OptionalDiagnosticData,
    Setting::PersonalizedAccountExperiences,
    Setting::PersonalizedUserExperiences,
    Setting::SelfServiceRequests,
    Setting::DataResidency,
    Setting::AiTraining,
    Setting::PersonalizedExperiences,
    Setting::AiTrainingOptOut,
];

fn account(plan: Plan, country: &str) -> Account {
    let country = Country::parse(country).unwrap();
    Account { id: AccountId::parse("amber").unwrap(), name: "Amber".into(), plan, country }
}

/// The settings of an account that has chosen nothing but to have these on.
fn with_on(settings: &[Setting]) -> AccountSettings {
    let basis = Basis { account: AccountId::parse("amber").unwrap(), entry: 1 };
    let on =
        |setting: &Setting| (Topic::from(*setting), Chosen { on: true, basis: basis.clone(), terms: None });
    AccountSettings { version: 1, chosen: settings.iter().map(on).collect() }
}

fn every_action<'a>(account: &'a Account, settings: &'a AccountSettings) -> Vec<Action<'a>> {
    let changes = SETTINGS.into_iter().flat_map(|setting| {
        [Action::ChangeAccountSetting(setting, account), Action::ChangeOwnSetting(setting, settings)]
    });
    let others = [
        Action::HandleOwnRequest,
        Action::HandleAnyRequest,
        Action::FileExportOfOneself(House { account, settings }),
        Action::FileExport,
        Action::FileDeletion,
        Action::FileForList,
        Action::SeeReceipt,
        Action::SeeAccountSettings,
        Action::SeeLedger,
        Action::HandleHolds,
        Action::SeeOwnSettings,
    ];
    others.into_iter().chain(changes).collect()
}

/// "yes", "absent", or the slug of the refusal.
fn told(result: Result<(), Denial>) -> &'static str {
    match result {
        Ok(()) => "yes",
        Err(Denial::Absent) => "absent",
        Err(Denial::Refused { slug, .. }) => slug,
    }
}

/// What sections 2 and 3.1 of the product's rules say, one exception after the
/// other.
fn ruled(role: Role, plan: Plan, in_eea: bool, on: &[Setting], action: Action<'_>) -> &'static str {
    let is_plain_member = role == Role::Member;
    let plan_has_self_service = match plan {
        Plan::Free | Plan::Pro => false,
        Plan::FreeWithCard | Plan::ProMultiLicense | Plan::Business | Plan::Enterprise => true,
    };
    let is_on = |setting: Setting| on.contains(&setting);
    match action {
        // What only owners and admins do.
        Action::HandleAnyRequest if is_plain_member => "absent",
        Action::FileExport if is_plain_member => "others-need-administrator",
        Action::FileDeletion if is_plain_member => "deletion-needs-administrator",
        Action::FileForList if is_plain_member => "upload-needs-administrator",
        Action::SeeReceipt if is_plain_member => "receipt-needs-administrator",
        Action::SeeLedger if is_plain_member => "ledger-needs-administrator",
        Action::HandleHolds if is_plain_member => "holds-need-administrator",
        Action::SeeAccountSettings if is_plain_member => "settings-need-administrator",
        Action::ChangeAccountSetting(..) if is_plain_member => "settings-need-administrator",
        // What members do only where plan and account let them.
        Action::FileExportOfOneself(_) if !is_plain_member => "yes",
        Action::FileExportOfOneself(_) if !plan_has_self_service => "self-service-off",
        Action::FileExportOfOneself(_) if !is_on(Setting::SelfServiceRequests) => "self-service-off",
        // What even owners and admins do not change.
        Action::ChangeAccountSetting(Setting::RequiredDiagnosticData, _) => "required-diagnostic-data",
        Action::ChangeAccountSetting(Setting::SelfServiceRequests, _) if !plan_has_self_service => "absent",
        // What only owners change, and only where there is a choice.
        Action::ChangeAccountSetting(Setting::DataResidency, _) => {
            if role == Role::Owner && in_eea {
                "yes"
            } else {
                "absent"
            }
        }
        Action::ChangeAccountSetting(Setting::PersonalizedExperiences | Setting::AiTrainingOptOut, _) => {
            "absent"
        }
        // What everybody has for themselves.
        Action::ChangeOwnSetting(Setting::AiTrainingOptOut, _) => "yes",
        Action::ChangeOwnSetting(Setting::OptionalDiagnosticData, _) => {
            if is_on(Setting::OptionalDiagnosticData) { "yes" } else { "off-for-account" }
        }
        Action::ChangeOwnSetting(Setting::PersonalizedExperiences, _) => {
            if is_on(Setting::PersonalizedUserExperiences) { "yes" } else { "off-for-account" }
        }
        Action::ChangeOwnSetting(..) => "absent",
        _ => "yes",
    }
}

#[test]
fn everybody_may_do_what_the_rules_say_and_nothing_else() {
    let one_on = SETTINGS.into_iter().map(|setting| vec![setting]);
    let choices: Vec<_> = one_on.chain([Vec::new(), SETTINGS.to_vec()]).collect();
    for plan in PLANS {
        for (country, in_eea) in [("DE", true), ("US", false), ("NO", true), ("CH", false), ("GB", false)] {
            let account = account(plan, country);
            for on in &choices {
                let settings = with_on(on);
                for action in every_action(&account, &settings) {
                    for role in ROLES {
                        let (told, ruled) = (told(may(role, action)), ruled(role, plan, in_eea, on, action));
                        assert_eq!(told, ruled, "{role:?} {action:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn self_service_is_absent_outside_its_plans() {
    for (plan, expected) in [
        (Plan::Free, "absent"),
        (Plan::FreeWithCard, "yes"),
        (Plan::Pro, "absent"),
        (Plan::ProMultiLicense, "yes"),
        (Plan::Business, "yes"),
        (Plan::Enterprise, "yes"),
    ] {
        let account = account(plan, "US");
        let change = Action::ChangeAccountSetting(Setting::SelfServiceRequests, &account);
        assert_eq!(told(may(Role::Owner, change)), expected, "{plan:?}");
    }
}

#[test]
fn self_service_that_was_on_before_a_smaller_plan_lets_nobody_export() {
    let settings = with_on(&[Setting::SelfServiceRequests]);
    for plan in [Plan::Free, Plan::Pro] {
        let account = account(plan, "US");
        let house = House { account: &account, settings: &settings };
        assert!(!house.lets_members_export());
        assert_eq!(told(may(Role::Member, Action::FileExportOfOneself(house))), "self-service-off");
    }
}

#[test]
fn required_diagnostic_data_is_refused_with_its_reason() {
    let account = account(Plan::Enterprise, "DE");
    for role in [Role::Owner, Role::Admin] {
        let change = Action::ChangeAccountSetting(Setting::RequiredDiagnosticData, &account);
        let problem = Problem::from(may(role, change).unwrap_err());
        assert_eq!(
            (problem.status, problem.uri.as_str()),
            (403, "urn:habeas:problem:required-diagnostic-data")
        );
        assert!(problem.detail.contains("always on"), "{}", problem.detail);
    }
}

#[test]
fn off_for_the_account_wins_over_the_members_choice() {
    for (own, gate) in [
        (Setting::OptionalDiagnosticData, Setting::OptionalDiagnosticData),
        (Setting::PersonalizedExperiences, Setting::PersonalizedUserExperiences),
    ] {
        for role in ROLES {
            let change =
                |settings: &AccountSettings| told(may(role, Action::ChangeOwnSetting(own, settings)));
            assert_eq!(change(&with_on(&[])), "off-for-account", "{role:?} {own:?}");
            assert_eq!(change(&with_on(&[gate])), "yes", "{role:?} {own:?}");
        }
    }
}

#[test]
fn an_opt_out_takes_nobodys_leave() {
    for settings in [with_on(&[]), with_on(&SETTINGS)] {
        for role in ROLES {
            assert_eq!(may(role, Action::ChangeOwnSetting(Setting::AiTrainingOptOut, &settings)), Ok(()));
        }
    }
}

#[test]
fn what_is_absent_is_told_like_an_id_that_does_not_exist() {
    assert_eq!(Problem::from(Denial::Absent), Problem::not_found());
}

#[test]
fn a_member_is_told_whom_to_contact() {
    let (account, settings) = (account(Plan::Enterprise, "US"), with_on(&[]));
    let house = House { account: &account, settings: &settings };
    for (action, contact) in [
        (Action::FileExportOfOneself(house), "Contact your account administrator."),
        (Action::FileExport, "Contact your account administrator."),
        (Action::FileDeletion, "Contact the owner of your account."),
        (Action::SeeReceipt, "Contact the owner of your account."),
        (Action::ChangeOwnSetting(Setting::OptionalDiagnosticData, &settings), "account administrator."),
    ] {
        let problem = Problem::from(may(Role::Member, action).unwrap_err());
        assert!(problem.detail.ends_with(contact), "{}", problem.detail);
    }
}
