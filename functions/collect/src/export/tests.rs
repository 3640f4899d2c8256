use habeas_domain::EmailAddress;
use habeas_sources::{AttributeValue, DataMap, FileKey, Key, Pseudonyms, Shown, Source, Subject, TypedKey};
use habeas_testkit::{account, address};
use habeas_work::UnitTask;

use super::collection::Collection;

const MAP: &str = r#"
    version = 1
    [[source]]
    name = "attendances"
    data_type = "meetings"
    account_field = "account_id"
    security_fields = ["passcode"]
    others = { ip_address = "redact", device = "pseudonymise", name = "keep" }
    mentions = { invited_by = "pseudonymise" }
    dynamodb = { table = "attendances", key = ["meeting_id", "email"] }
    find = [{ subject_field = "email", index = "by-email" }, { through = "meetings", field = "meeting_id" }]
    erase = { rule = "delete" }
    [[source]]
    name = "meetings"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "meetings", key = ["meeting_id"] }
    find = [{ subject_field = "host", index = "by-host" }]
    erase = { rule = "delete" }
    [[source]]
    name = "drawings"
    data_type = "meetings"
    s3 = { bucket = "drawings" }
    find = [{ prefix = "drawings/{account}/{email}/" }]
    erase = { rule = "delete" }
"#;

fn map() -> DataMap {
    DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap()
}

fn subject() -> Subject {
    let email: EmailAddress = address("ana@amber.example");
    Subject::new(email, account("amber").id, None)
}

fn collection<'a>(
    source: &'a Source,
    subject: &'a Subject,
    pseudonyms: Option<&'a Pseudonyms>,
) -> Collection<'a> {
    let task = UnitTask { subject: 0, source: source.name.clone(), part: None };
    Collection::new(source, &task, subject, pseudonyms, 0)
}

#[test]
fn what_is_about_others_is_shown_as_the_map_says() {
    let (map, subject) = (map(), subject());
    let source = map.source("attendances").unwrap();
    let pseudonyms = Pseudonyms::new([7; Pseudonyms::KEY_BYTES]);
    let value = AttributeValue::S("x".to_owned());
    let pseudonym = Shown::Other(pseudonyms.of("ana@amber.example", &value));
    let collection = collection(source, &subject, Some(&pseudonyms));
    for (field, own, others) in [
        ("passcode", Shown::Nothing, Shown::Nothing),
        ("ip_address", Shown::AsItIs, Shown::Nothing),
        ("device", Shown::AsItIs, pseudonym.clone()),
        ("name", Shown::AsItIs, Shown::AsItIs),
        ("invited_by", pseudonym.clone(), pseudonym),
    ] {
        assert_eq!(collection.shown(field, &value, true), own, "{field}");
        assert_eq!(collection.shown(field, &value, false), others, "{field}");
    }
}

#[test]
fn a_field_that_needs_a_pseudonym_is_not_shown_without_a_key() {
    let (map, subject) = (map(), subject());
    let collection = collection(map.source("attendances").unwrap(), &subject, None);
    let item = [("device".to_owned(), AttributeValue::S("x".to_owned()))].into();
    assert!(collection.line(&item, true).is_ok());
    assert!(collection.line(&item, false).is_err());
}

#[test]
fn files_lie_where_no_two_of_them_meet() {
    let (map, subject) = (map(), subject());
    let collection = collection(map.source("drawings").unwrap(), &subject, None);
    let path = |key: &str, lead: Option<&Key>| collection.path(&FileKey::current(key), lead).to_lowercase();
    let lead = |id: &str| Key::from([("id".to_owned(), TypedKey::S(id.to_owned()))]);
    let old = |version: &str| FileKey {
        version: Some(version.to_owned()),
        is_old: true,
        ..FileKey::current("a/x.png")
    };
    let mut paths = vec![
        path("a/x.png", None),
        path("a/X.png", None),
        path("A/x.png", None),
        path("b/x.png", None),
        path("x.png", None),
        path("a/x.png", Some(&lead("b-1"))),
        path("a/x.png", Some(&lead("B-1"))),
        collection.path(&old("v1"), None).to_lowercase(),
        collection.path(&old("V1"), None).to_lowercase(),
    ];
    let count = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), count, "{paths:?}");
}
