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

/// A person with an id, another whose id begins alike, and what they left under these.
fn folder_with_ids() -> TempDir {
    let dir = folder();
    let user = |who: &str, id: &str| {
        format!("{{\"email\":\"{who}@x.example\",\"account_id\":\"x\",\"user_id\":\"{id}\"}}\n")
    };
    fs::write(dir.path().join("users.jsonl"), [user("ana", "u-1"), user("bo", "u-10")].concat()).unwrap();
    fs::create_dir_all(dir.path().join("surveys")).unwrap();
    let answer = |number: u32, user: &str, day: &str| {
        format!("{{\"answer_id\":\"A-{number}\",\"user_id\":\"{user}\",\"answered_at\":\"{day}T09:00:00Z\"}}")
    };
    let documents = [
        ("2026-01", [answer(2, "u-1", "2026-01-31"), answer(1, "u-10", "2026-01-30")]),
        ("2026-02", [answer(3, "u-1", "2026-02-01"), answer(4, "u-2", "2026-02-02")]),
    ];
    for (month, answers) in documents {
        let text = format!("[{}]", answers.join(","));
        fs::write(dir.path().join(format!("surveys/{month}.json")), text).unwrap();
    }
    for user in ["u-1", "u-10"] {
        let own = dir.path().join("backgrounds/x").join(user);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("sea & sky.svg"), "<svg/>").unwrap();
    }
    dir
}

#[test]
fn the_id_of_a_user_leads_to_their_answers_and_backgrounds() {
    let dir = folder_with_ids();
    let found = expected(dir.path(), "ana@x.example", None).unwrap();
    assert_eq!(ids(&found, "users"), ["ana@x.example"]);
    assert_eq!(ids(&found, "survey_answers"), ["A-2", "A-3"]);
    assert_eq!(ids(&found, "backgrounds"), ["backgrounds/x/u-1/sea & sky.svg"]);
}

#[test]
fn who_is_no_user_has_neither_answers_nor_backgrounds() {
    for dir in [folder_with_ids(), folder()] {
        let found = expected(dir.path(), "cy@x.example", None).unwrap();
        for collection in ["users", "survey_answers", "backgrounds"] {
            assert!(ids(&found, collection).is_empty(), "{collection}");
        }
    }
}

#[test]
fn a_range_chooses_among_answers_keeps_the_user_and_has_no_background() {
    let range = Some(("2026-02-01", "2026-02-28"));
    let found = expected(folder_with_ids().path(), "ana@x.example", range).unwrap();
    assert_eq!(ids(&found, "survey_answers"), ["A-3"]);
    assert_eq!(ids(&found, "users"), ["ana@x.example"]);
    assert!(ids(&found, "backgrounds").is_empty());
}

#[test]
fn a_document_that_is_no_list_is_named() {
    let dir = folder_with_ids();
    fs::write(dir.path().join("surveys/2026-03.json"), "{}").unwrap();
    let error = expected(dir.path(), "ana@x.example", None).unwrap_err().to_string();
    assert!(error.ends_with("2026-03.json:1: not records of JSON"), "{error}");
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
