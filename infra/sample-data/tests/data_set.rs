//! What the generated folder promises to those who load and count it.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use habeas_sample_data::{Summary, generate, record_id};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Of all names and bytes. A new one is a new data set: say so in the change.
const DIGEST: &str = "075551bd96936ad06c292f495e15daec8b25038c88b3fd64ca2e168fb3fe9aec";

const TABLES: [&str; 9] = [
    "chat_messages",
    "meeting_participants",
    "meeting_transcripts",
    "meetings",
    "users",
    "webinar_attendees",
    "webinar_transcripts",
    "webinars",
    "whiteboards",
];

fn folder() -> (TempDir, Summary) {
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(&dir.path().join("new/folder")).unwrap();
    (dir, summary)
}

fn root(dir: &TempDir) -> PathBuf {
    dir.path().join("new/folder")
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![String::new()];
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                ahead.push(format!("{name}/"));
            } else {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn rows(root: &Path, table: &str) -> Vec<Value> {
    let text = fs::read_to_string(root.join(format!("{table}.jsonl"))).unwrap();
    let lines = text.strip_suffix('\n').unwrap().split('\n');
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The answers of all documents, with the document's name.
fn answers(root: &Path) -> Vec<(String, Value)> {
    let documents = files(root).into_iter().filter(|(name, _)| name.starts_with("surveys/"));
    let answers = documents.flat_map(|(name, bytes)| {
        let list: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
        list.into_iter().map(move |answer| (name.clone(), answer))
    });
    answers.collect()
}

fn digest(root: &Path) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files(root) {
        hash.update(format!("{name}\n{}\n", bytes.len()));
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn members(root: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(root.join("members.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["account_id", "email", "name", "role"]);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn the_bytes_are_the_same_each_time() {
    let (first, summary) = folder();
    let (second, again) = folder();
    assert_eq!(summary, again);
    assert_eq!(digest(&root(&first)), digest(&root(&second)));
    assert_eq!(digest(&root(&first)), DIGEST, "the data set is not the recorded one");
}

#[test]
fn the_summary_counts_what_is_there() {
    let (dir, summary) = folder();
    let files = files(&root(&dir));
    let counted: BTreeMap<String, usize> =
        TABLES.iter().map(|table| (format!("{table}.jsonl"), rows(&root(&dir), table).len())).collect();
    assert_eq!(summary.rows, counted);
    assert_eq!(summary.people, members(&root(&dir)).len());
    let is_upload = |name: &&String| name.starts_with("whiteboards/") || name.starts_with("backgrounds/");
    assert_eq!(summary.files, files.keys().filter(is_upload).count());
    assert_eq!(summary.answers, answers(&root(&dir)).len());
    assert_eq!(summary.bytes, files.values().map(|bytes| bytes.len() as u64).sum::<u64>());
    let accounts: Vec<BTreeMap<String, String>> = serde_json::from_slice(&files["accounts.json"]).unwrap();
    assert_eq!(summary.accounts, accounts.len());
}

#[test]
fn it_is_large_enough_to_page_and_small_enough_to_load_in_seconds() {
    let (_dir, summary) = folder();
    let total: usize = summary.rows.values().sum();
    assert!((9_000..=12_000).contains(&total), "{summary:?}");
    assert!(summary.bytes < 3_000_000, "{summary:?}");
    assert!((200..=500).contains(&summary.people), "{summary:?}");
}

#[test]
fn no_two_records_have_the_same_id() {
    let (dir, _) = folder();
    for table in TABLES {
        let rows = rows(&root(&dir), table);
        let ids: BTreeSet<String> = rows.iter().map(|row| record_id(table, row).unwrap()).collect();
        assert_eq!(ids.len(), rows.len(), "{table}");
    }
}

#[test]
fn everybody_in_the_data_is_a_member_of_the_account_and_neither_owner_nor_admin() {
    let (dir, _) = folder();
    let members = members(&root(&dir));
    let roles: BTreeMap<(&str, &str), &str> = members
        .iter()
        .map(|member| ((&*member["account_id"], &*member["email"]), &*member["role"]))
        .collect();
    assert_eq!(roles.len(), members.len());
    for account in ["aurora", "baltic", "coral"] {
        for role in ["owner", "admin"] {
            let address = format!("{role}@{account}.example");
            assert_eq!(roles[&(account, &*address)], role);
        }
    }
    for table in TABLES {
        for row in rows(&root(&dir), table) {
            let account = row["account_id"].as_str().unwrap();
            let fields = row.as_object().unwrap();
            let addresses = fields.iter().filter(|(name, _)| name.ends_with("email"));
            for (_, address) in addresses {
                assert_eq!(roles[&(account, address.as_str().unwrap())], "member", "{table}");
            }
        }
    }
}

#[test]
fn utterances_and_presences_are_of_sessions_and_sit_within_their_times() {
    let (dir, _) = folder();
    for (id, sessions, presences, utterances) in [
        ("meeting_id", "meetings", "meeting_participants", "meeting_transcripts"),
        ("webinar_id", "webinars", "webinar_attendees", "webinar_transcripts"),
    ] {
        let root = root(&dir);
        let times: BTreeMap<String, (String, String)> = rows(&root, sessions)
            .iter()
            .map(|row| (text(row, id), (text(row, "started_at"), text(row, "ended_at"))))
            .collect();
        let mut present = BTreeSet::new();
        for row in rows(&root, presences) {
            let (start, end) = &times[&text(&row, id)];
            let (joined, left) = (text(&row, "joined_at"), text(&row, "left_at"));
            assert!(*start <= joined && joined <= left && left <= *end, "{row}");
            present.insert((text(&row, id), text(&row, "email")));
        }
        for row in rows(&root, utterances) {
            let (start, end) = &times[&text(&row, id)];
            assert!((start..=end).contains(&&text(&row, "at")), "{row}");
            assert!(present.contains(&(text(&row, id), text(&row, "speaker_email"))), "{row}");
        }
        for (start, end) in times.values() {
            assert!("2026-01-01" <= start.as_str() && end.as_str() < "2026-07-01");
        }
        assert!(times.values().any(|(start, end)| start[..10] != end[..10]), "one runs past midnight");
    }
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap().to_owned()
}

#[test]
fn each_whiteboard_has_its_file_of_the_size_it_says() {
    let (dir, _) = folder();
    for row in rows(&root(&dir), "whiteboards") {
        let file = fs::read(root(&dir).join(text(&row, "s3_key"))).unwrap();
        assert_eq!(row["size"], file.len());
        let drawing: Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(drawing["type"], "excalidrawlib");
        assert!(drawing["libraryItems"][0]["elements"].as_array().is_some_and(|all| !all.is_empty()));
    }
}

#[test]
fn every_member_is_a_user_by_an_id_that_nobody_else_has() {
    let (dir, _) = folder();
    let users = rows(&root(&dir), "users");
    let members = members(&root(&dir));
    let is_member = |member: &&BTreeMap<String, String>| member["role"] == "member";
    let wanted: BTreeSet<(String, String)> = members
        .iter()
        .filter(is_member)
        .map(|member| (member["account_id"].clone(), member["email"].clone()))
        .collect();
    let found: BTreeSet<(String, String)> =
        users.iter().map(|user| (text(user, "account_id"), text(user, "email"))).collect();
    assert_eq!(found, wanted);
    let ids: BTreeSet<String> = users.iter().map(|user| text(user, "user_id")).collect();
    assert_eq!(ids.len(), users.len());
    assert!(ids.contains("u-1") && ids.contains("u-10"), "one id begins as another does");
}

#[test]
fn answers_are_of_people_who_were_there_and_lie_in_the_document_of_their_month() {
    let (dir, _) = folder();
    let root = root(&dir);
    let users: BTreeMap<String, (String, String)> = rows(&root, "users")
        .iter()
        .map(|user| (text(user, "user_id"), (text(user, "account_id"), text(user, "email"))))
        .collect();
    let left: BTreeMap<(String, String, String), String> = rows(&root, "meeting_participants")
        .iter()
        .map(|row| {
            let key = (text(row, "meeting_id"), text(row, "account_id"), text(row, "email"));
            (key, text(row, "left_at"))
        })
        .collect();
    let answers = answers(&root);
    let mut ids = BTreeSet::new();
    for (document, answer) in &answers {
        let (account, email) = users[&text(answer, "user_id")].clone();
        assert_eq!(account, text(answer, "account_id"));
        let at = text(answer, "answered_at");
        assert!(left[&(text(answer, "meeting_id"), account, email)] < at, "{answer}");
        assert_eq!(*document, format!("surveys/{}.json", &at[..7]));
        assert!(answer["score"].as_u64().is_some_and(|score| score <= 10), "{answer}");
        ids.insert(record_id("survey_answers", answer).unwrap());
    }
    assert_eq!(ids.len(), answers.len());
    let documents: BTreeSet<&String> = answers.iter().map(|(document, _)| document).collect();
    assert_eq!(documents.len(), 6);
    let in_order =
        answers.windows(2).all(|pair| text(&pair[0].1, "answer_id") < text(&pair[1].1, "answer_id"));
    assert!(!in_order, "documents are not in the order of their keys");
}

#[test]
fn backgrounds_lie_below_the_account_and_the_id_of_a_user() {
    let (dir, _) = folder();
    let root = root(&dir);
    let owner = |user: &Value| format!("{}/{}", text(user, "account_id"), text(user, "user_id"));
    let users: BTreeSet<String> = rows(&root, "users").iter().map(owner).collect();
    let files = files(&root);
    let found: Vec<&str> = files.keys().filter_map(|name| name.strip_prefix("backgrounds/")).collect();
    for name in &found {
        let (owner, file) = name.rsplit_once('/').unwrap();
        assert!(users.contains(owner) && file.ends_with(".svg"), "{name}");
    }
    let owners: BTreeSet<&str> = found.iter().filter_map(|name| Some(name.rsplit_once('/')?.0)).collect();
    assert!(owners.len() > 10 && found.len() > owners.len() && owners.len() * 4 < users.len(), "{found:?}");
}

#[test]
fn texts_and_names_are_odd_on_purpose() {
    let (dir, _) = folder();
    let root = root(&dir);
    let mut said = String::new();
    for table in ["chat_messages", "meeting_transcripts", "webinar_transcripts"] {
        for row in rows(&root, table) {
            said.push_str(&text(&row, "text"));
        }
    }
    for odd in ['\u{1}', '\u{1b}', '\t', '\n', '\r', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}'] {
        assert!(said.contains(odd), "{odd:?}");
    }
    for script in ['é', 'ж', 'λ', 'ק', 'ا', 'न', '予', '预', '🎉'] {
        assert!(said.contains(script), "{script:?}");
    }
    let names: String = members(&root).iter().map(|member| member["name"].clone()).collect();
    for odd in ['[', ']', '|', '{', '"', ',', '<', '=', 'Ю', '佐'] {
        assert!(names.contains(odd), "{odd:?}");
    }
}
