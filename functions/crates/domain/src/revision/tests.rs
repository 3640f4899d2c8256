mod consents;
mod residency;

use serde_json::{Value, json};

use super::*;
use crate::request::tests::at;
use crate::{AccountId, ContentClass, Country, Digest, Plan, Publication, Role, TermsVersion};

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

fn change(standing: &Standing, patch: &SettingsPatch, terms: &Terms) -> Revision {
    standing.change_account(patch, &offer(terms), at(NOW)).unwrap().unwrap()
}

fn own_change(standing: &Standing, settings: &Value) -> Revision {
    standing.change_own(&patch(settings), &present(), at(NOW)).unwrap().unwrap()
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
