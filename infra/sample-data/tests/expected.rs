//! The rules of what belongs to whom, on data small enough to read.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::fs;

use habeas_sample_data::{Expected, expected};
use tempfile::TempDir;

const EMPTY: [&str; 5] =
    ["webinars", "webinar_attendees", "webinar_transcripts", "chat_messages", "whiteboards"];

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |stem: &str, text: &str| fs::write(dir.path().join(format!("{stem}.jsonl")), text).unwrap();
    for stem in EMPTY {
        write(stem, "");
    }
    write(
        "meetings",
        "{\"meeting_id\":\"m1\",\"host_email\":\"ana@x.example\",\"started_at\":\"2026-01-31T23:58:00Z\"}\n\n",
    );
    let attendance = |meeting: &str, email: &str, at: &str| {
        format!("{{\"meeting_id\":\"{meeting}\",\"email\":\"{email}@x.example\",\"joined_at\":\"{at}\"}}\n")
    };
    let late = "2026-02-01T00:01:00Z";
    write(
        "meeting_participants",
        &[
            attendance("m1", "ana", "2026-01-31T23:58:00Z"),
            attendance("m1", "bo", late),
            attendance("m2", "ana", late),
            attendance("m2", "bo", late),
        ]
        .concat(),
    );
    let line = |line: u32, who: &str| {
        format!(
            "{{\"meeting_id\":\"m1\",\"line\":{line},\"speaker_email\":\"{who}@x.example\",\"at\":\"{late}\",\"text\":\"a\u{2028}b\u{85}\"}}\n"
        )
    };
    write("meeting_transcripts", &[line(0, "ana"), line(1, "bo")].concat());
    dir
}

fn ids(found: &Expected, collection: &str) -> Vec<String> {
    found["meetings"][collection].iter().cloned().collect()
}

#[test]
fn a_host_has_everybodys_attendance_and_their_own_words_only() {
    let found = expected(folder().path(), "ana@x.example", None).unwrap();
    assert_eq!(ids(&found, "meetings"), ["m1"]);
    let attendance = ["m1/ana@x.example", "m1/bo@x.example", "m2/ana@x.example"];
    assert_eq!(ids(&found, "meeting_participants"), attendance);
    assert_eq!(ids(&found, "meeting_transcripts"), ["m1/0"]);
}

#[test]
fn a_guest_has_their_own_attendance_only() {
    let found = expected(folder().path(), "bo@x.example", None).unwrap();
    assert!(ids(&found, "meetings").is_empty());
    assert_eq!(ids(&found, "meeting_participants"), ["m1/bo@x.example", "m2/bo@x.example"]);
}

#[test]
fn a_range_is_held_against_each_record_even_if_its_meeting_is_outside() {
    let range = Some(("2026-02-01", "2026-02-01"));
    let found = expected(folder().path(), "ana@x.example", range).unwrap();
    assert!(ids(&found, "meetings").is_empty());
    assert_eq!(ids(&found, "meeting_participants"), ["m1/bo@x.example", "m2/ana@x.example"]);
}

#[test]
fn a_row_that_lacks_a_field_is_named_by_file_and_line() {
    let dir = folder();
    fs::write(dir.path().join("whiteboards.jsonl"), "\n{\"owner_email\":\"ana@x.example\"}\n").unwrap();
    let error = expected(dir.path(), "ana@x.example", None).unwrap_err().to_string();
    assert!(error.ends_with("whiteboards.jsonl:2: the row has no created_at"), "{error}");
}

#[test]
fn a_folder_without_the_files_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(expected(dir.path(), "ana@x.example", None).is_err());
}
