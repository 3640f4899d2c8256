use serde_json::{Value, json};

use super::{NOW, change, offer, patch, present, standing, switch};
use crate::request::tests::at;
use crate::{Account, Country, Member, Offer, Relocation, Residency, Role, Setting, SettingsPatch, Standing};

/// Ana's wish to have the account's data kept in the EEA.
fn in_the_eea() -> SettingsPatch {
    patch(&json!({"data_residency": {"value": "eea"}}))
}

#[test]
fn an_owner_in_the_eea_chooses_where_data_are_kept_and_sees_how_far_the_move_is() {
    let standing = standing();
    let shown =
        |standing: &Standing| standing.account_view(&offer(&present()))["settings"]["data_residency"].clone();
    assert_eq!(shown(&standing), json!({"value": "us", "changeable": true}));
    let revision = change(&standing, &in_the_eea(), &present());
    assert_eq!(revision.entry.changes, [switch(Setting::DataResidency, true)]);
    let relocation = Relocation::after(&revision.entry).unwrap();
    assert_eq!((relocation.entry, relocation.to), (8, Residency::Eea));
    let after = standing.after(revision);
    assert_eq!(after.settings.residency(), Residency::Eea);
    assert_eq!(shown(&after)["value"], "eea");
    assert_eq!(shown(&after)["move"]["state"], "moving");
    assert_eq!(shown(&after)["move"]["archives_left"], Value::Null);

    // What was chosen is taken back like any other choice.
    let back = change(&after, &patch(&json!({"data_residency": null})), &present());
    assert_eq!(Relocation::after(&back.entry).unwrap().to, Residency::Us);
    let other = change(&after, &diagnostics_on(), &present());
    assert_eq!(Relocation::after(&other.entry), None);
    assert_eq!(after.clone().after(other).relocation, after.relocation);
}

fn diagnostics_on() -> SettingsPatch {
    patch(&json!({"optional_diagnostic_data": {"value": true}}))
}

#[test]
fn where_data_are_kept_is_unknown_to_everybody_else() {
    let of = |role, country: &str| {
        let standing = standing();
        let account = Account { country: Country::parse(country).unwrap(), ..standing.account };
        Standing { member: Member { role, ..standing.member }, account, ..standing }
    };
    let nowhere = Offer { eea: false, ..offer(&present()) };
    for (standing, offer) in [
        (of(Role::Admin, "DE"), offer(&present())),
        (of(Role::Owner, "US"), offer(&present())),
        (of(Role::Owner, "GB"), offer(&present())),
        (of(Role::Owner, "DE"), nowhere),
    ] {
        assert_eq!(standing.account_view(&offer)["settings"].get("data_residency"), None);
        let refused = standing.change_account(&in_the_eea(), &offer, at(NOW)).unwrap_err();
        let unknown = patch(&json!({"dark_mode": {"value": "eea"}}));
        let unknown = standing.change_account(&unknown, &offer, at(NOW)).unwrap_err();
        assert_eq!(refused.errors[0].detail, unknown.errors[0].detail);
    }
}
