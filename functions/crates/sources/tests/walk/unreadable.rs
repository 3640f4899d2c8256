//! A record that does not say what a walk has to know of it stops the walk.

use habeas_sources::SourceError;
use serde_json::{Value, json};

use crate::world::record::{BIRCH, Kind, Record, anas, by_key};
use crate::world::{Days, World, ana};
use crate::{BOB, Seen, all_seen};

/// Records that a walk through a source looks at.
fn looked_at() -> Vec<(&'static str, Record)> {
    let bobs = |kind| Record { who: BOB, ..anas(kind) };
    vec![
        ("meetings", anas(Kind::Meeting)),
        ("participants", anas(Kind::Participant)),
        ("participants", bobs(Kind::Participant)),
        ("participants", anas(Kind::Meeting)),
        ("polls", anas(Kind::Poll)),
        ("polls", bobs(Kind::Poll)),
        ("polls", anas(Kind::Meeting)),
        ("messages", anas(Kind::Message)),
        ("files", anas(Kind::Message)),
        ("boards", anas(Kind::Board)),
    ]
}

/// Those whose time decides whether something of the source is in a range.
fn timed() -> Vec<(&'static str, Record, &'static str)> {
    let bobs = |kind| Record { who: BOB, ..anas(kind) };
    vec![
        ("meetings", anas(Kind::Meeting), "started_at"),
        ("participants", bobs(Kind::Participant), "joined_at"),
        ("polls", anas(Kind::Meeting), "started_at"),
        ("messages", anas(Kind::Message), "sent_at"),
        ("files", anas(Kind::Message), "sent_at"),
        ("boards", anas(Kind::Board), "created_at"),
    ]
}

/// Values that are no times, or none at all.
fn no_times(field: &str) -> Vec<Option<Value>> {
    let mut values =
        vec![None, Some(json!({"S": "yesterday"})), Some(json!({"S": "2026-01-05"})), Some(json!({"S": ""}))];
    // DynamoDB refuses these where an index wants a text that is not empty.
    if field == "joined_at" {
        values.pop();
    } else {
        values.push(Some(json!({"N": "1767607200"})));
    }
    values
}

/// The row of a record, with something else in a field, or nothing.
fn spoilt(record: &Record, field: &str, value: Option<&Value>) -> Value {
    let mut row = record.row();
    let fields = row.as_object_mut().unwrap();
    fields.remove(field);
    fields.extend(value.map(|value| (field.to_owned(), value.clone())));
    row
}

/// Walks through a source of Ana's meeting and one row.
async fn walk_over(
    source: &str,
    kind: Kind,
    row: &Value,
    days: Option<Days>,
) -> Result<Vec<Seen>, SourceError> {
    let world = World::with(&by_key(vec![anas(Kind::Meeting)]));
    world.put_row(kind, row);
    all_seen(&world, source, &ana(days)).await
}

/// It names the source, or the one that led there, and no value of the row.
fn assert_discreet(error: &SourceError, sources: [&str; 2], row: &Value) {
    let message = error.to_string();
    assert!(sources.iter().any(|source| message.contains(&format!("`{source}`"))), "{message}");
    for value in texts(row).into_iter().filter(|value| value.len() > 2) {
        assert!(!message.contains(value), "{message} has {value}");
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_record_that_does_not_say_of_which_account_it_is_stops_the_walk() {
    for (source, record) in looked_at() {
        for account in [None, Some(json!({"N": "987654"})), Some(json!({"NULL": true}))] {
            let row = spoilt(&record, "account_id", account.as_ref());
            let error = walk_over(source, record.kind, &row, None).await.unwrap_err();
            assert_discreet(&error, [source, record.kind.source()], &row);
        }
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_stops_the_walk_where_a_range_asks_for_it() {
    for (source, record, field) in timed() {
        for time in no_times(field) {
            let row = spoilt(&record, field, time.as_ref());
            let error = walk_over(source, record.kind, &row, Some((1, 9))).await.unwrap_err();
            assert_discreet(&error, [source, record.kind.source()], &row);
            assert!(walk_over(source, record.kind, &row, None).await.is_ok(), "{source} {time:?}");
        }
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_stops_nobody_in_another_account() {
    for (source, record, field) in timed() {
        let record = Record { account: BIRCH, ..record };
        let row = spoilt(&record, field, Some(&json!({"S": "yesterday"})));
        let found = walk_over(source, record.kind, &row, Some((1, 9))).await;
        assert!(found.is_ok_and(|found| found.is_empty()), "{source}");
    }
}
