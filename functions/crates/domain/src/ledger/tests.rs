mod forgery;
mod in_force;

use super::*;
use crate::{ContentClass, TermsVersion};

fn amber() -> AccountId {
    AccountId::parse("amber").unwrap()
}

fn agreed() -> AgreedTerms {
    AgreedTerms { version: TermsVersion::parse("2026-01-01").unwrap(), sha256: Digest::of("The terms.") }
}

fn switch(setting: impl Into<Topic>, to: bool) -> Change {
    Change { setting: setting.into(), from: !to, to }
}

/// Ana's consent to training on chats, and an end of her diagnostic data.
fn entry() -> Entry {
    let chat = Topic::training_on(&ContentClass::parse("chat").unwrap());
    Entry {
        account: amber(),
        number: 1,
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        by: Some(EmailAddress::parse("ana@amber.example").unwrap()),
        role: Actor::Owner,
        scope: Scope::Account,
        changes: vec![switch(chat, true), switch(Setting::OptionalDiagnosticData, false)],
        terms: Some(agreed()),
        reason: Some("Geprüft: \"ja\"".into()),
        prev: Digest::default(),
    }
}

#[test]
fn an_entry_is_hashed_as_the_text_that_jq_writes() {
    // jq -cS . | tr -d '\n' | sha256sum
    let text = concat!(
        r#"{"account":"amber","at":"2026-01-05T10:00:00Z","by":"ana@amber.example","changes":["#,
        r#"{"from":false,"setting":"ai_training.chat","to":true},"#,
        r#"{"from":true,"setting":"optional_diagnostic_data","to":false}],"#,
        r#""number":1,"prev":"","reason":"Geprüft: \"ja\"","role":"owner","scope":"account","#,
        r#""terms":{"sha256":"81240357e5a43ff7cb5c84c346636215786b23b1c070a8972aa26d5651e2b619","#,
        r#""version":"2026-01-01"}}"#,
    );
    let sealed = entry().seal();
    assert_eq!(sealed.text, text);
    assert_eq!(sealed.hash.as_str(), "6f0ffacf3c68e391ff6799c432c41f2456f05b77c7d17f438dc4e35840062573");
    assert_eq!(sealed.entry().unwrap(), entry());
}

#[test]
fn what_is_absent_is_not_in_the_text() {
    let text = Entry { by: None, terms: None, reason: None, ..entry() }.seal().text;
    for name in ["by", "terms", "reason", "null"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[test]
fn an_entry_is_shown_with_its_hash() {
    let sealed = entry().seal();
    let view = sealed.view();
    assert_eq!((&view["hash"], &view["number"]), (&json!(sealed.hash), &json!(1)));
}

#[test]
fn an_opt_out_of_a_member_is_not_about_the_accounts_consent() {
    assert!(entry().is_about_consent());
    let opt_out = vec![switch(Setting::AiTrainingOptOut, true)];
    assert!(!Entry { scope: Scope::Member, changes: opt_out, ..entry() }.is_about_consent());
}

#[test]
fn a_place_is_written_by_its_name() {
    let entry = Entry { changes: vec![switch(Setting::DataResidency, true)], ..entry() };
    let text = entry.seal().text;
    assert!(text.contains(r#"{"from":"us","setting":"data_residency","to":"eea"}"#), "{text}");
    assert_eq!(entry.seal().entry().unwrap(), entry);
}

#[test]
fn a_value_of_another_setting_makes_no_change() {
    for (setting, from, to) in [
        ("data_residency", json!(false), json!(true)),
        ("data_residency", json!("us"), json!(true)),
        ("data_residency", json!("us"), json!("ch")),
        ("optional_diagnostic_data", json!("us"), json!("eea")),
    ] {
        let change = json!({"setting": setting, "from": from, "to": to});
        assert!(serde_json::from_value::<Change>(change.clone()).is_err(), "{change}");
    }
}
