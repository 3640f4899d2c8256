use std::fs;

use habeas_domain::{Country, Plan, Role};
use habeas_testkit::{address, at, events, events_folder};

use super::*;
use crate::detail::SCHEMA;

fn read_text(text: &str) -> Result<(News, DateTime<Utc>), TaskError> {
    read(serde_json::from_str(text).unwrap(), at("2026-01-05T10:00:00Z"))
}

/// What is written down of the details of such events, for who sends them.
fn schema(detail_type: &str) -> Option<Value> {
    let file = events_folder().join("schemas").join(format!("{detail_type}.v{SCHEMA}.json"));
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_event_is_understood_or_refused_as_its_name_says() {
    for event in events("directory") {
        let name = read_text(&event.text).map_err(|error| error.name()).err();
        assert_eq!(name, event.is_rejected().then_some(names::BAD_EVENT), "{}", event.case);
    }
}

#[test]
fn a_schema_says_whose_it_is_and_which() {
    for detail_type in ["account.upserted", "member.upserted", "member.removed"] {
        let schema = schema(detail_type).unwrap();
        assert_eq!(schema["$id"], format!("urn:habeas:schema:{detail_type}:{SCHEMA}"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
        assert_eq!(schema["additionalProperties"], false);
    }
}

#[test]
fn the_schemas_list_the_countries_plans_and_roles_that_are_known() {
    let listed = |detail_type, field: &str| schema(detail_type).unwrap()["properties"][field]["enum"].clone();
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|one| letters().map(move |other| format!("{one}{other}")));
    let known: Vec<String> = codes.filter(|code| Country::parse(code).is_ok()).collect();
    assert_eq!(listed("account.upserted", "country"), json!(known));
    let plans: Vec<Plan> = serde_json::from_value(listed("account.upserted", "plan")).unwrap();
    assert_eq!(plans.len(), 6);
    let roles: Vec<Role> = serde_json::from_value(listed("member.upserted", "role")).unwrap();
    assert_eq!(roles, [Role::Owner, Role::Admin, Role::Member]);
}

#[test]
fn an_account_a_member_and_a_removal_are_told_apart() {
    let (account, at_of_event) =
        read_text(include_str!("../../../events/directory/account-upserted.json")).unwrap();
    assert!(matches!(account, News::Account(account) if account.name == "Amber Research"));
    assert_eq!(at_of_event, at("2026-01-05T10:00:00Z"));
    let (member, _) = read_text(include_str!("../../../events/directory/member-upserted.json")).unwrap();
    assert!(matches!(member, News::Member(member) if member.role == Role::Member));
    let (removed, _) = read_text(include_str!("../../../events/directory/member-removed.json")).unwrap();
    assert_eq!(removed, News::Removed(address("bob@amber.example")));
}

#[test]
fn a_refusal_says_what_is_wrong() {
    for (case, reason) in [
        ("rejected-bad-address", "`email`: the address needs exactly one @ with text on both sides"),
        ("rejected-unknown-role", "`role`: none of owner, admin, member"),
        ("rejected-unknown-schema", "its `schema` is another than 1, the only one known"),
        ("rejected-self-service", "account_id, name, plan and country, and nothing else"),
    ] {
        let event = events("directory").into_iter().find(|event| event.case == case).unwrap();
        let told = read_text(&event.text).unwrap_err().to_string();
        assert!(told.contains(reason), "{case}: {told}");
    }
}

#[test]
fn a_refusal_repeats_nothing_of_the_detail() {
    let good = include_str!("../../../events/directory/member-upserted.json");
    let (text, object) = (json!("bob at amber"), json!({"bob at amber": true}));
    for (field, value) in [
        ("schema", &text),
        ("account_id", &text),
        ("email", &text),
        ("name", &object),
        ("role", &text),
        ("role", &object),
        ("bob at amber", &text),
    ] {
        let mut event: Value = serde_json::from_str(good).unwrap();
        event["detail"][field] = value.clone();
        let told =
            read(serde_json::from_value(event).unwrap(), at("2026-01-05T10:00:00Z")).unwrap_err().to_string();
        assert!(!told.contains("bob"), "{field}: {told}");
    }
}

#[test]
fn a_time_that_is_yet_to_come_is_refused() {
    let event = include_str!("../../../events/directory/member-removed.json");
    for (time, understood) in [("2026-01-05T10:05:00Z", true), ("2026-01-05T10:05:01Z", false)] {
        let read = read_text(&event.replace("2026-01-05T10:00:00Z", time));
        assert_eq!(read.is_ok(), understood, "{time}");
    }
}
