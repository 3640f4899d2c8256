use serde_json::{Value, json};

use super::*;
use crate::request::tests::at;
use crate::{
    AccountId, Consent, ContentClass, Country, Digest, Plan, Publication, Residency, Role, TermsVersion,
};

const NOW: &str = "2026-02-03T10:00:00Z";

fn terms(version: &str) -> Terms {
    let (version, url) = (TermsVersion::parse(version).unwrap(), "https://amber.example/ai-terms".to_owned());
    let text = format!("The terms of {}.", version.as_str());
    Publication { version, url, uses: Vec::new() }.of_text(&text)
}

fn old() -> Terms {
    terms("2026-01-01")
}

fn present() -> Terms {
    terms("2026-02-01")
}

fn chat() -> ContentClass {
    ContentClass::parse("chat").unwrap()
}

/// Ana, an owner, whose account has chosen nothing that matters here.
fn standing() -> Standing {
    let (id, country) = (AccountId::parse("amber").unwrap(), Country::parse("DE").unwrap());
    let email = EmailAddress::parse("ana@amber.example").unwrap();
    Standing {
        member: Member { account: id.clone(), email, name: "Ana Amber".into(), role: Role::Owner },
        own: MemberSettings { version: 2, ..MemberSettings::default() },
        account: Account { id, name: "Amber".into(), plan: Plan::Enterprise, country },
        settings: AccountSettings { version: 4, ..AccountSettings::default() },
        head: Head { number: 7, hash: Digest::of("entry 7") },
        relocation: None,
    }
}

fn offer(terms: &Terms) -> Offer {
    Offer { terms: terms.clone(), eea: true }
}

fn patch(settings: &Value) -> SettingsPatch {
    let body = json!({"settings": settings, "reason": "asked to"});
    SettingsPatch::parse(body.to_string().as_bytes()).unwrap()
}

fn consent(terms: &Terms) -> SettingsPatch {
    patch(&json!({"ai_training": {"value": {"chat": true}, "terms_version": terms.version}}))
}

fn withdrawal() -> SettingsPatch {
    patch(&json!({"ai_training": {"value": {"chat": false}}}))
}

fn change(standing: &Standing, patch: &SettingsPatch, terms: &Terms) -> Revision {
    standing.change_account(patch, &offer(terms), at(NOW)).unwrap().unwrap()
}

fn own_change(standing: &Standing, settings: &Value) -> Revision {
    standing.change_own(&patch(settings), &present(), at(NOW)).unwrap().unwrap()
}

fn lapse_of(standing: &Standing) -> Option<Revision> {
    lapse(&standing.account, &standing.settings, &standing.head, &present(), at(NOW))
}

fn switched(standing: Standing, setting: &str, on: bool) -> Standing {
    let revision = change(&standing, &patch(&json!({setting: {"value": on}})), &present());
    standing.after(revision)
}

fn own_switched(standing: Standing, setting: &str, on: bool) -> Standing {
    let revision = own_change(&standing, &json!({setting: {"value": on}}));
    standing.after(revision)
}

/// Where consent for chats was given to the old terms.
fn consenting() -> Standing {
    let revision = change(&standing(), &consent(&old()), &old());
    standing().after(revision)
}

fn switch(setting: impl Into<Topic>, to: bool) -> Change {
    Change { setting: setting.into(), from: !to, to }
}

#[test]
fn a_change_of_the_account_follows_the_head_that_was_seen() {
    let standing = standing();
    let revision =
        change(&standing, &patch(&json!({"optional_diagnostic_data": {"value": true}})), &present());
    let entry = Entry {
        account: standing.account.id.clone(),
        number: 8,
        at: at(NOW),
        by: Some(standing.member.email.clone()),
        role: Actor::Owner,
        scope: Scope::Account,
        changes: vec![switch(Setting::OptionalDiagnosticData, true)],
        terms: None,
        reason: Some("asked to".into()),
        prev: standing.head.hash.clone(),
    };
    let basis = Basis { account: standing.account.id.clone(), entry: 8 };
    let chosen = (Topic::from(Setting::OptionalDiagnosticData), Chosen { on: true, basis, terms: None });
    let settings = AccountSettings { version: 5, chosen: BTreeMap::from([chosen]) };
    let expected = Revision {
        sealed: entry.seal(),
        entry,
        settings: Revised::Account(settings),
        seen: standing.head,
        witness: Some(Witness { member: standing.member, account: standing.account, settings_version: None }),
    };
    assert_eq!(revision, expected);
}

#[test]
fn a_change_of_ones_own_stands_in_the_ledger_of_the_account() {
    let member = Member { role: Role::Member, ..standing().member };
    let standing = Standing { member, head: Head::default(), ..standing() };
    let Revision { entry, settings, seen, witness, .. } =
        own_change(&standing, &json!({"ai_training_opt_out": {"value": true}}));
    assert_eq!((entry.number, entry.prev.as_str(), entry.terms), (1, "", None));
    assert_eq!((entry.role, entry.scope), (Actor::Member, Scope::Member));
    assert_eq!(entry.by.as_ref(), Some(&standing.member.email));
    assert_eq!(entry.changes, [switch(Setting::AiTrainingOptOut, true)]);
    let basis = Basis { account: standing.account.id.clone(), entry: 1 };
    let chosen = (Topic::from(Setting::AiTrainingOptOut), Chosen { on: true, basis, terms: None });
    let own = MemberSettings { version: 3, chosen: BTreeMap::from([chosen]) };
    assert_eq!(settings, Revised::Member(standing.member.email.clone(), own));
    let settings_version = Some(standing.settings.version);
    let unchanged = Witness { member: standing.member, account: standing.account, settings_version };
    assert_eq!((seen, witness), (standing.head, Some(unchanged)));
}

#[test]
fn what_is_so_already_is_no_change() {
    let standing = switched(consenting(), "personalized_user_experiences", true);
    for settings in [
        json!({}),
        json!({"required_diagnostic_data": {"value": true}}),
        json!({"optional_diagnostic_data": {"value": false}, "self_service_requests": null}),
        json!({"personalized_user_experiences": {"value": true}}),
        json!({"ai_training": {"value": {"audio": false, "chat": true}, "terms_version": old().version}}),
    ] {
        let unchanged = standing.change_account(&patch(&settings), &offer(&old()), at(NOW));
        assert_eq!(unchanged, Ok(None), "{settings}");
    }
    for settings in [json!({}), json!({"ai_training_opt_out": null, "personalized_experiences": null})] {
        assert_eq!(standing.change_own(&patch(&settings), &old(), at(NOW)), Ok(None), "{settings}");
    }
}

#[test]
fn only_what_changes_stands_in_the_entry() {
    let settings = json!({
        "ai_training": {"value": {"audio": false, "chat": true}, "terms_version": present().version},
        "optional_diagnostic_data": {"value": true},
        "personalized_account_experiences": {"value": false},
    });
    let revision = change(&standing(), &patch(&settings), &present());
    let expected = [switch(Setting::OptionalDiagnosticData, true), switch(Topic::training_on(&chat()), true)];
    assert_eq!(revision.entry.changes, expected);
    assert_eq!(revision.entry.terms, Some(present().agreed()));
}

#[test]
fn consent_without_a_version_of_the_terms_is_incomplete() {
    let settings =
        json!({"ai_training": {"value": {"chat": true}}, "optional_diagnostic_data": {"value": true}});
    let problem = standing().change_account(&patch(&settings), &offer(&present()), at(NOW)).unwrap_err();
    let pointers: Vec<_> = problem.errors.iter().filter_map(|error| error.pointer.as_deref()).collect();
    assert_eq!((problem.status, pointers), (422, vec!["/settings/ai_training/terms_version"]));
    assert!(problem.errors[0].detail.contains("2026-02-01"), "{}", problem.errors[0].detail);
}

#[test]
fn consent_to_terms_that_have_changed_is_told_so() {
    let problem = standing().change_account(&consent(&old()), &offer(&present()), at(NOW)).unwrap_err();
    assert_eq!((problem.status, problem.uri.as_str()), (409, "urn:habeas:problem:terms-changed"));
    assert!(problem.detail.contains("2026-02-01"), "{}", problem.detail);
}

#[test]
fn withdrawing_takes_no_terms() {
    for patch in [withdrawal(), patch(&json!({"ai_training": null}))] {
        for terms in [old(), present()] {
            let revision = change(&consenting(), &patch, &terms);
            assert_eq!(revision.entry.changes, [switch(Topic::training_on(&chat()), false)]);
            assert_eq!(revision.entry.terms, None);
            let standing = consenting().after(revision);
            for terms in [old(), present()] {
                assert!(matches!(standing.settings.consent(&chat(), &terms), Consent::Withdrawn(_)));
            }
            assert_eq!(lapse_of(&standing), None);
        }
    }
}

#[test]
fn a_new_version_of_the_terms_keeps_nobody_opted_in() {
    let other = patch(&json!({"ai_training": {"value": {"audio": true}, "terms_version": old().version}}));
    let mixed = consenting().after(change(&consenting(), &other, &old()));
    let mixed = mixed.clone().after(change(&mixed, &withdrawal(), &old()));
    let revision = lapse_of(&mixed).unwrap();
    let entry = &revision.entry;
    assert_eq!((entry.number, &entry.prev, entry.at), (11, &mixed.head.hash, at(NOW)));
    assert_eq!((entry.role, entry.scope, &entry.by), (Actor::Operator, Scope::Account, &None));
    let audio = Topic::training_on(&ContentClass::parse("audio").unwrap());
    assert_eq!(entry.changes, [switch(audio.clone(), false)]);
    assert_eq!(entry.terms, Some(present().agreed()));
    assert_eq!((&revision.sealed, &revision.seen, &revision.witness), (&entry.seal(), &mixed.head, &None));

    let lapsed = mixed.clone().after(revision);
    assert_eq!(lapsed.settings.version, mixed.settings.version + 1);
    let basis = Basis { account: mixed.account.id.clone(), entry: 11 };
    let chosen = Chosen { on: false, basis, terms: Some(old().agreed()) };
    assert_eq!(lapsed.settings.chosen[&audio], chosen);
    assert_eq!(lapse_of(&lapsed), None);
    // Terms that come back do not bring the consent back.
    let class = audio.class.unwrap();
    assert_eq!(lapsed.settings.consent(&class, &old()), Consent::Lapsed(&chosen));
}

#[test]
fn a_consent_has_lapsed_whether_that_is_written_down_or_not() {
    let lapsed = consenting().after(lapse_of(&consenting()).unwrap());
    for standing in [consenting(), lapsed] {
        assert!(matches!(standing.settings.consent(&chat(), &present()), Consent::Lapsed(_)));
        let renewal = change(&standing, &consent(&present()), &present());
        // The ledger says what was there: on, as long as the lapse is not in it.
        let topic = Topic::training_on(&chat());
        let from = standing.settings.chosen[&topic].on;
        assert_eq!(renewal.entry.changes, [Change { setting: topic, from, to: true }]);
        assert_eq!(renewal.entry.terms, Some(present().agreed()));
        let renewed = standing.after(renewal);
        assert!(matches!(renewed.settings.consent(&chat(), &present()), Consent::Given(_)));
        assert_eq!(lapse_of(&renewed), None);
    }
}

#[test]
fn an_opt_out_goes_along_to_another_account_and_nothing_else_does() {
    let standing = switched(standing(), "optional_diagnostic_data", true);
    let standing = own_switched(standing, "optional_diagnostic_data", true);
    let standing = own_switched(standing, "ai_training_opt_out", true);
    let birch = AccountId::parse("birch").unwrap();
    let member = Member { account: birch.clone(), ..standing.member.clone() };
    let moved = Standing { account: Account { id: birch, ..standing.account.clone() }, member, ..standing };
    assert!(moved.own.is_on(Setting::AiTrainingOptOut, &moved.account.id));
    assert!(!moved.own.is_on(Setting::OptionalDiagnosticData, &moved.account.id));

    let again = own_change(&moved, &json!({"optional_diagnostic_data": {"value": true}}));
    assert_eq!(again.entry.changes, [switch(Setting::OptionalDiagnosticData, true)]);
    let taken_back = own_change(&moved, &json!({"ai_training_opt_out": null}));
    assert_eq!(taken_back.entry.changes, [switch(Setting::AiTrainingOptOut, false)]);
    let moved = moved.after(taken_back);
    assert!(!moved.own.is_on(Setting::AiTrainingOptOut, &moved.account.id));
}

#[test]
fn off_for_the_account_hides_what_a_member_chose_and_keeps_it() {
    let on = switched(standing(), "personalized_user_experiences", true);
    let on = own_switched(on, "personalized_experiences", true);
    let off = switched(on.clone(), "personalized_user_experiences", false);
    let (view, pointer) = (off.own_view(), "/settings/personalized_experiences");
    assert_eq!((view.pointer(pointer), &off.own), (None, &on.own));
    let reason = view.pointer("/unavailable/personalized_experiences/reason").and_then(Value::as_str);
    assert!(reason.is_some_and(|reason| reason.contains("account administrator")), "{view}");
    let refused = off.change_own(&patch(&json!({"personalized_experiences": null})), &present(), at(NOW));
    assert_eq!(refused.unwrap_err().uri, "urn:habeas:problem:off-for-account");

    let on_again = switched(off, "personalized_user_experiences", true);
    let shown = json!({"value": true, "changeable": true});
    assert_eq!(on_again.own_view().pointer(pointer), Some(&shown));
}

#[test]
fn a_plain_member_changes_nothing_of_the_account() {
    let member = Member { role: Role::Member, ..standing().member };
    let standing = Standing { member, ..standing() };
    let problem = standing.change_account(&consent(&present()), &offer(&present()), at(NOW)).unwrap_err();
    assert_eq!(
        (problem.status, problem.uri.as_str()),
        (403, "urn:habeas:problem:settings-need-administrator")
    );
}

#[test]
fn a_lapsed_consent_can_be_declined_whether_the_lapse_is_written_down_or_not() {
    let lapsed = consenting().after(lapse_of(&consenting()).unwrap());
    for standing in [consenting(), lapsed] {
        let declined =
            change(&standing, &patch(&json!({"ai_training": {"value": {"chat": false}}})), &present());
        let declined = standing.after(declined);
        for terms in [old(), present()] {
            assert!(matches!(declined.settings.consent(&chat(), &terms), Consent::Withdrawn(_)));
        }
    }
}

#[test]
fn another_text_under_the_same_version_ends_a_consent() {
    let standing = consenting();
    let other = Terms { sha256: Digest::of("Other terms."), ..old() };
    assert!(matches!(standing.settings.consent(&chat(), &old()), Consent::Given(_)));
    assert!(matches!(standing.settings.consent(&chat(), &other), Consent::Lapsed(_)));
}

#[test]
fn a_consent_to_what_the_terms_no_longer_name_can_be_withdrawn() {
    let without_chat = Terms { classes: [ContentClass::parse("audio").unwrap()].into(), ..old() };
    for patch in [patch(&json!({"ai_training": null})), patch(&json!({"ai_training": {"value": null}}))] {
        let withdrawn = change(&consenting(), &patch, &without_chat);
        assert_eq!(withdrawn.entry.changes, [switch(Topic::training_on(&chat()), false)]);
    }
}

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
