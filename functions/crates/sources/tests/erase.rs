//! Erasing takes what is still a person's own, as the map says, and nothing else.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod world;

use std::collections::BTreeMap;

use habeas_local_table::{Fault, Item};
use habeas_sources::{Address, Erased, Key, Target, erase};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use world::record::{ACCOUNTS, Kind, PEOPLE, Record, Records, anas, by_key, some_record, some_records};
use world::{Seen, World, ana, block_on};

/// All rows of all tables.
type Rows = BTreeMap<(Kind, Key), Item>;

/// What befalls a record after it was listed.
#[derive(Debug, Clone)]
enum Change {
    HandedTo(usize),
    MovedTo(usize),
    Attached(Option<u8>),
    At(u32),
    Gone,
}

fn some_change() -> impl Strategy<Value = (Index, Change)> {
    let change = prop_oneof![
        (0..PEOPLE.len()).prop_map(Change::HandedTo),
        (0..ACCOUNTS.len()).prop_map(Change::MovedTo),
        prop::option::of(0..3_u8).prop_map(Change::Attached),
        (1..10_u32).prop_map(Change::At),
        Just(Change::Gone),
    ];
    (any::<Index>(), change)
}

fn changed(record: Record, change: &Change) -> Option<Record> {
    match *change {
        Change::HandedTo(who) => Some(Record { who, ..record }),
        Change::MovedTo(account) => Some(Record { account, ..record }),
        Change::Attached(file) => Some(Record { file, ..record }),
        Change::At(day) => Some(Record { day, ..record }),
        Change::Gone => None,
    }
}

fn put(world: &World, now: &mut Records, record: Record) {
    world.put(&record);
    now.insert((record.kind, record.key()), record);
}

/// One of the records changes.
fn befall(world: &World, now: &mut Records, which: Index, change: &Change) {
    if now.is_empty() {
        return;
    }
    let (id, record) = now.iter().nth(which.index(now.len())).unwrap();
    let (id, record) = (id.clone(), record.clone());
    world.remove(&record);
    now.remove(&id);
    if let Some(record) = changed(record, change) {
        put(world, now, record);
    }
}

/// What is Ana's own, as walks list it.
async fn inventory(world: &World, records: &Records) -> Vec<Record> {
    let mut listed = Vec::new();
    for kind in Kind::ALL {
        for seen in world.found(kind.source(), &ana(None)).await.unwrap() {
            if let Seen::Record { key, own: true } = seen {
                listed.push(records[&(kind, key)].clone());
            }
        }
    }
    listed
}

/// A record as a stored inventory lists it.
fn target(record: &Record) -> Target {
    let mut target = json!({"record": {"key": record.key()}});
    if record.kind == Kind::Message {
        target["record"]["files"] = json!({"file": record.file_name()});
    }
    serde_json::from_value(target).unwrap()
}

async fn erased(world: &World, record: &Record) -> Erased {
    let source = world.map.source(record.kind.source()).unwrap();
    erase(&world.stores, &world.map, source, &ana(None), &[&target(record)]).await.unwrap()[0]
}

/// What must become of a record that was listed, as the tables are now.
fn outcome(then: &Record, now: &Records) -> Erased {
    let now = now.get(&(then.kind, then.key()));
    let is_theirs = now.is_some_and(|now| now.is_anas() && now.file_name() == then.file_name());
    match then.kind {
        Kind::Poll => Erased::Retained,
        _ if !is_theirs => Erased::Left,
        Kind::Meeting | Kind::Board => Erased::Masked,
        Kind::Participant | Kind::Message => Erased::Deleted,
    }
}

/// What must become of it when it is erased once more.
fn again(record: &Record) -> Erased {
    if record.kind == Kind::Poll { Erased::Retained } else { Erased::Left }
}

fn masked(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Meeting => &["host_email", "host_name"],
        Kind::Board => &["owner_email", "title"],
        _ => &[],
    }
}

/// Does to the rows what an outcome says.
fn apply(outcome: Erased, record: &Record, rows: &mut Rows) {
    let id = (record.kind, record.key());
    if outcome == Erased::Deleted {
        rows.remove(&id).unwrap();
    }
    if outcome == Erased::Masked {
        let gone = masked(record.kind);
        rows.get_mut(&id).unwrap().retain(|field, _| !gone.contains(&field.as_str()));
    }
}

fn rows(world: &World) -> Rows {
    let of = |kind: Kind| {
        let rows = world.local.rows_of(kind.source());
        rows.into_iter().map(move |row| ((kind, key_of(world, kind, &row)), row))
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

fn key_of(world: &World, kind: Kind, row: &Item) -> Key {
    let Address::DynamoDb(address) = &world.map.source(kind.source()).unwrap().address else {
        panic!("{kind:?} has no table");
    };
    let value = |name: &String| serde_json::from_value(row[name].clone()).unwrap();
    address.key.iter().map(|name| (name.clone(), value(name))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_still_theirs_is_erased_as_the_map_says_and_nothing_else_is_touched(
        records in some_records(),
        changes in prop::collection::vec(some_change(), 0..16),
        others in prop::collection::vec(some_record(), 0..6),
    ) {
        block_on(async {
            let world = World::with(&records);
            let inventory = inventory(&world, &records).await;
            let own: Vec<_> = records.values().filter(|record| record.is_anas()).cloned().collect();
            assert_eq!(inventory, own);

            let mut now = records;
            for (which, change) in &changes {
                befall(&world, &mut now, *which, change);
            }
            for record in others {
                put(&world, &mut now, record);
            }

            let mut expected = rows(&world);
            for record in &inventory {
                let outcome = outcome(record, &now);
                apply(outcome, record, &mut expected);
                assert_eq!(erased(&world, record).await, outcome, "{record:?}");
            }
            assert_eq!(rows(&world), expected);
            for record in inventory.iter().rev() {
                assert_eq!(erased(&world, record).await, again(record), "{record:?}");
            }
            assert_eq!(rows(&world), expected);
        });
    }
}

#[tokio::test]
async fn a_call_that_breaks_is_made_again_and_leaves_the_same() {
    for record in Kind::ALL.map(anas) {
        for fault in [None, Some(Fault::BeforeIt), Some(Fault::AfterIt)] {
            let world = World::with(&by_key(vec![record.clone()]));
            let must = outcome(&record, &by_key(vec![record.clone()]));
            let mut expected = rows(&world);
            apply(must, &record, &mut expected);
            if let Some(fault) = fault {
                world.local.fail_next(fault);
            }
            let outcome = erased(&world, &record).await;
            // Where only the answer was lost, the second call finds nothing to do.
            let is_told = outcome == must || (fault == Some(Fault::AfterIt) && outcome == Erased::Left);
            assert!(is_told, "{record:?} {fault:?} {outcome:?}");
            assert_eq!(rows(&world), expected, "{record:?} {fault:?}");
        }
    }
}
