//! Every function has sample events, and each is what it says it is.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use habeas_testkit::{events, events_folder};
use serde_json::Value;

/// The names of the folders in a folder.
fn folders(of: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(of).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn functions() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    folders(&folder).into_iter().filter(|name| folder.join(name).join("Cargo.toml").exists()).collect()
}

#[test]
fn every_function_has_a_happy_and_a_rejected_event() {
    assert!(functions().contains("intake"));
    for function in functions() {
        let (rejected, happy): (Vec<_>, Vec<_>) =
            events(&function).into_iter().partition(|event| event.is_rejected());
        assert!(!happy.is_empty(), "{function} has no happy event");
        assert!(!rejected.is_empty(), "{function} has no rejected event");
    }
}

#[test]
fn every_folder_of_events_belongs_to_a_function() {
    // What events mean is written down beside them.
    let mut wanted = functions();
    wanted.insert("schemas".to_owned());
    assert_eq!(folders(&events_folder()), wanted);
}

#[test]
fn every_file_of_events_is_a_json_object() {
    for function in functions() {
        for file in fs::read_dir(events_folder().join(&function)).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let read: Result<Value, _> = serde_json::from_str(&text);
            assert!(matches!(read, Ok(Value::Object(_))), "{}: {read:?}", path.display());
            assert_eq!(path.extension().unwrap(), "json", "{}", path.display());
        }
    }
}

#[test]
fn no_event_names_a_domain_that_could_belong_to_somebody() {
    for function in functions() {
        for event in events(&function) {
            for (at, _) in event.text.match_indices('@') {
                let rest = &event.text[at + 1..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '-');
                let domain = &rest[..end.unwrap_or(rest.len())];
                assert!(domain.ends_with(".example"), "{function}/{}: {domain}", event.case);
            }
        }
    }
}
