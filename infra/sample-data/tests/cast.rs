//! What the people of the demo have, counted as an export of them must be.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::BTreeSet;
use std::fs;

use habeas_sample_data::{Expected, cast, expected, generate};
use tempfile::TempDir;

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path()).unwrap();
    dir
}

fn of(dir: &TempDir, address: &str) -> Expected {
    expected(dir.path(), address, None).unwrap()
}

fn count(found: &Expected, collection: &str) -> usize {
    found.values().find_map(|collections| collections.get(collection)).unwrap().len()
}

fn counts(found: &Expected) -> Vec<usize> {
    found.values().flat_map(|collections| collections.values().map(BTreeSet::len)).collect()
}

#[test]
fn the_exported_are_a_host_a_chatty_person_and_an_owner_of_whiteboards() {
    let dir = folder();
    let [host, chatty, owner] = cast().exported.map(|address| of(&dir, &address));
    assert!(count(&host, "meetings") >= 20 && count(&host, "meeting_participants") >= 100);
    assert!(count(&chatty, "chat_messages") >= 2_000);
    assert!(count(&owner, "whiteboards") >= 5);
}

#[test]
fn a_deletion_touches_every_collection_and_so_would_the_one_that_is_revoked() {
    let dir = folder();
    for address in [cast().deleted, cast().spared] {
        let found = of(&dir, &address);
        assert_eq!(counts(&found).len(), 11);
        assert!(counts(&found).iter().all(|count| *count > 0), "{found:#?}");
        let elsewhere = found["meetings"]["meeting_participants"].iter().any(|id| {
            let (meeting, email) = id.split_once('/').unwrap();
            email == address && !found["meetings"]["meetings"].contains(meeting)
        });
        assert!(elsewhere, "attends what others host");
    }
}

#[test]
fn the_admin_and_the_owner_appear_in_no_data() {
    let dir = folder();
    for address in [cast().admin, "owner@aurora.example".to_owned()] {
        assert!(counts(&of(&dir, &address)).iter().all(|count| *count == 0), "{address}");
    }
}

#[test]
fn the_cast_are_different_people_of_the_first_account_with_the_roles_they_play() {
    let dir = folder();
    let members = fs::read_to_string(dir.path().join("members.csv")).unwrap();
    let cast = cast();
    let row = |address: &str| members.lines().find(|line| line.contains(&format!(",{address},"))).unwrap();
    assert!(row(&cast.admin).ends_with(",admin"));
    let people: Vec<&String> =
        cast.exported.iter().chain([&cast.deleted, &cast.spared, &cast.member]).collect();
    assert_eq!(people.iter().collect::<BTreeSet<_>>().len(), 6);
    for address in people {
        assert!(row(address).starts_with("aurora,") && row(address).ends_with(",member"), "{address}");
    }
    let first = members.lines().find(|line| line.starts_with("aurora,") && line.ends_with(",member"));
    assert_eq!(first, Some(row(&cast.member)));
}

#[test]
fn addresses_are_compared_trimmed_and_in_lower_case() {
    let dir = folder();
    assert_eq!(of(&dir, " Noor.Haddad@AURORA.example "), of(&dir, &cast().deleted));
}

#[test]
fn ranges_split_what_a_person_has_without_loss() {
    let dir = folder();
    let address = &cast().exported[0];
    let all = of(&dir, address);
    let halves = [("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30")]
        .map(|range| expected(dir.path(), address, Some(range)).unwrap());
    for (data_type, collections) in &all {
        for (collection, ids) in collections.iter().filter(|(name, _)| has_times(name)) {
            let [first, second] = halves.each_ref().map(|half| &half[data_type][collection]);
            assert!(first.is_disjoint(second), "{collection}");
            assert_eq!(&(first | second), ids, "{collection}");
        }
    }
    assert!(halves.iter().all(|half| count(half, "meetings") > 0));
    assert!(halves.iter().all(|half| count(half, "survey_answers") > 0));
    // Who somebody is holds on every day; what they upload is of the day of loading.
    assert!(halves.iter().all(|half| (count(half, "users"), count(half, "backgrounds")) == (1, 0)));
}

fn has_times(collection: &str) -> bool {
    !["users", "backgrounds"].contains(&collection)
}
