//! Erasing takes what still has any of a person's ids, and nothing else.

use std::collections::BTreeMap;

use habeas_local_table::Item;
use habeas_sources::{Erased, Erasing, Found, Key, Part, Subject, Target, erase};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::record::{
    ACCOUNTS, AMBER, ANAS, BIRCH, Kind, Record, Records, WHOSE, ana, anas, by_key, linked, some_record,
    some_records,
};
use crate::tables::{World, block_on};

/// All rows of all tables that hold records.
type Rows = BTreeMap<(Kind, Key), Item>;

/// What befalls a record after it was listed.
#[derive(Debug, Clone, Copy)]
enum Change {
    HandedTo(usize),
    MovedTo(usize),
    Gone,
}

fn some_change() -> impl Strategy<Value = (Index, Change)> {
    let change = prop_oneof![
        3 => (0..WHOSE).prop_map(Change::HandedTo),
        1 => (0..ACCOUNTS.len()).prop_map(Change::MovedTo),
        1 => Just(Change::Gone),
    ];
    (any::<Index>(), change)
}

fn changed(record: Record, change: Change) -> Option<Record> {
    match change {
        Change::HandedTo(who) => Some(Record { who, ..record }),
        Change::MovedTo(account) => Some(Record { account, ..record }),
        Change::Gone => None,
    }
}

fn put(world: &World, now: &mut Records, record: Record) {
    world.put(&record);
    now.insert(record.id(), record);
}

/// One of the records changes.
fn befall(world: &World, now: &mut Records, which: Index, change: Change) {
    if now.is_empty() {
        return;
    }
    let record = *now.values().nth(which.index(now.len())).unwrap();
    world.remove(&record);
    now.remove(&record.id());
    if let Some(record) = changed(record, change) {
        put(world, now, record);
    }
}

/// What is a person's own, as a walk lists it.
async fn inventory(world: &World, kind: Kind, subject: &Subject) -> Vec<(Key, Target)> {
    let found = world.found(kind, subject, Part::default()).await;
    let own = found.into_iter().filter_map(|found| match found {
        Found::Record { key, item, own: true } => {
            let target = Target::record(&world.map, world.source(kind), key.clone(), &item, false);
            Some((key, target))
        }
        _ => None,
    });
    own.collect()
}

/// What becomes of what was listed, in one call.
async fn erased(world: &World, kind: Kind, subject: &Subject, listed: &[(Key, Target)]) -> Vec<Erased> {
    let targets: Vec<_> = listed.iter().map(|(_, target)| target).collect();
    let with = Erasing { stores: &world.stores, map: &world.map, subject, pseudonyms: None, on_hold: &[] };
    erase(&with, world.source(kind), &targets).await.unwrap()
}

/// As the map says.
fn rule(kind: Kind) -> Erased {
    match kind {
        Kind::Room | Kind::Log => Erased::Masked,
        Kind::Note | Kind::Message | Kind::Guest => Erased::Deleted,
    }
}

/// What must become of a record that was listed, as the tables are now.
fn outcome(kind: Kind, key: &Key, now: &Records) -> Erased {
    let is_theirs = now.get(&(kind, key.clone())).is_some_and(Record::is_anas);
    if is_theirs { rule(kind) } else { Erased::Left }
}

/// Does to the rows what an outcome says.
fn apply(outcome: Erased, kind: Kind, key: &Key, rows: &mut Rows) {
    let id = (kind, key.clone());
    match outcome {
        Erased::Deleted => {
            rows.remove(&id).unwrap();
        }
        Erased::Masked => {
            let gone = [kind.person_field(), "text"];
            rows.get_mut(&id).unwrap().retain(|field, _| !gone.contains(&field.as_str()));
        }
        Erased::Retained | Erased::Held | Erased::Left => {}
    }
}

fn rows(world: &World) -> Rows {
    let of = |kind: Kind| {
        let rows = world.local.rows_of(kind.name());
        rows.into_iter().map(move |row| ((kind, key_of(kind, &row)), row))
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

fn key_of(kind: Kind, row: &Item) -> Key {
    let part = |field: &str| serde_json::from_value(row[field].clone()).unwrap();
    kind.key().iter().copied().map(|field| (field.to_owned(), part(field))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_still_has_any_of_their_ids_is_erased_as_the_map_says_and_nothing_else_is_touched(
        records in some_records(),
        changes in prop::collection::vec(some_change(), 0..24),
        others in prop::collection::vec(some_record(), 0..6),
    ) {
        block_on(async {
            let world = World::with(&records);
            let mut inventories = Vec::new();
            for kind in Kind::ALL {
                inventories.push((kind, inventory(&world, kind, &ana()).await));
            }

            let mut now = records;
            for (which, change) in changes {
                befall(&world, &mut now, which, change);
            }
            for record in others {
                put(&world, &mut now, record);
            }

            let mut expected = rows(&world);
            for (kind, listed) in &inventories {
                let outcomes: Vec<_> = listed.iter().map(|(key, _)| outcome(*kind, key, &now)).collect();
                for ((key, _), outcome) in listed.iter().zip(&outcomes) {
                    apply(*outcome, *kind, key, &mut expected);
                }
                assert_eq!(erased(&world, *kind, &ana(), listed).await, outcomes, "{kind:?}");
            }
            assert_eq!(rows(&world), expected);
            for (kind, listed) in &inventories {
                let again = erased(&world, *kind, &ana(), listed).await;
                assert_eq!(again, vec![Erased::Left; listed.len()], "{kind:?}");
            }
            assert_eq!(rows(&world), expected);
        });
    }
}

#[tokio::test]
async fn a_record_that_another_of_their_ids_has_by_now_is_theirs_and_one_of_anybody_else_is_not() {
    let of_ids = (0..WHOSE).map(|who| (who, AMBER));
    for (who, account) in of_ids.chain([(0, BIRCH)]) {
        // The other kinds have the id in their key: handed over, they are other records.
        for kind in [Kind::Note, Kind::Room, Kind::Log] {
            let world = World::with(&by_key([anas(kind)]));
            let listed = inventory(&world, kind, &ana()).await;
            let record = Record { who, account, ..anas(kind) };
            world.put(&record);
            let mut expected = rows(&world);
            let outcome = if who < ANAS && account == AMBER { rule(kind) } else { Erased::Left };
            apply(outcome, kind, &record.key(), &mut expected);
            assert_eq!(erased(&world, kind, &ana(), &listed).await, [outcome], "{record:?}");
            assert_eq!(rows(&world), expected, "{record:?}");
        }
    }
}

#[tokio::test]
async fn the_last_of_fifty_ids_counts_as_much_as_the_first() {
    let ids = (0..49).map(|number| linked("user_id", number)).collect();
    let subject = Subject { ids, ..ana() };
    for kind in [Kind::Note, Kind::Log] {
        let world = World::with(&by_key([0, 48, 49].map(|who| Record { who, place: who, ..anas(kind) })));
        let listed = inventory(&world, kind, &subject).await;
        assert_eq!(erased(&world, kind, &subject, &listed).await, [rule(kind); 2]);
        let others = Record { who: 49, place: 49, ..anas(kind) };
        let left = rows(&world).remove(&others.id()).unwrap();
        assert_eq!(serde_json::to_value(left).unwrap(), others.row());
    }
}
