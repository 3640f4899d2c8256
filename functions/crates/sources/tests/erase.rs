//! Erasing takes what is still a person's own, as the map says, and nothing else.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod erasing;
#[path = "erase/on_hold.rs"]
mod on_hold;
mod world;

use std::collections::BTreeMap;

use erasing::{Listed, Rows, again, apply, outcome, owned, pseudonyms, stored};
use habeas_local_table::{Fault, Item};
use habeas_sources::{
    Address, AttributeValue, Erased, Erasing, Found, Key, OnHold, Subject, Target, erase, is_shared,
    is_shared_by_now,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use world::record::{
    ACCOUNTS, AMBER, ANA, BIRCH, Kind, PEOPLE, Record, Records, anas, by_key, some_record, some_records,
};
use world::{World, ana, block_on, somebody};

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
async fn inventory(world: &World, records: &Records, people: &[usize]) -> Vec<Listed> {
    let people: Vec<_> = people.iter().copied().map(somebody).collect();
    let mut listed = BTreeMap::new();
    for kind in Kind::ALL {
        let source = world.map.source(kind.source()).unwrap();
        for found in world.found(kind.source(), &ana(None)).await.unwrap() {
            let Found::Record { key, item, own: true } = found else { continue };
            let shared = is_shared(&world.stores, &world.map, source, &item, &people).await.unwrap();
            let id = (kind, key.clone());
            let of_record = Listed { record: records[&id].clone(), shared };
            let made = Target::record(&world.map, source, key, &item, shared);
            assert_eq!(serde_json::to_value(made).unwrap(), stored(&of_record));
            listed.insert(id, of_record);
        }
    }
    listed.into_values().collect()
}

async fn erased(world: &World, listed: &[&Listed]) -> Vec<Erased> {
    erased_but(world, listed, &[]).await
}

/// The same where some records may be on hold.
async fn erased_but(world: &World, listed: &[&Listed], on_hold: &[OnHold<'_>]) -> Vec<Erased> {
    let Some(kind) = listed.first().map(|listed| listed.record.kind) else { return Vec::new() };
    let source = world.map.source(kind.source()).unwrap();
    let (subject, pseudonyms) = (ana(None), pseudonyms());
    let with = Erasing {
        stores: &world.stores,
        map: &world.map,
        subject: &subject,
        pseudonyms: Some(&pseudonyms),
        on_hold,
    };
    let targets = listed.iter().map(|listed| serde_json::from_value(stored(listed)).unwrap());
    let targets: Vec<Target> = targets.collect();
    erase(&with, source, &targets.iter().collect::<Vec<_>>()).await.unwrap()
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
        people in prop::sample::select(vec![vec![ANA], vec![ANA, 1], vec![ANA, 1, 2, 3]]),
        changes in prop::collection::vec(some_change(), 0..16),
        others in prop::collection::vec(some_record(), 0..6),
    ) {
        block_on(async {
            let world = World::with(&records);
            let inventory = inventory(&world, &records, &people).await;
            assert_eq!(inventory, owned(&records, &people));

            let mut now = records;
            for (which, change) in &changes {
                befall(&world, &mut now, *which, change);
            }
            for record in others {
                put(&world, &mut now, record);
            }

            let mut expected = rows(&world);
            for kind in Kind::ALL {
                let listed: Vec<_> = inventory.iter().filter(|listed| listed.record.kind == kind).collect();
                let outcomes: Vec<_> = listed.iter().map(|listed| outcome(listed, &now)).collect();
                for (listed, outcome) in listed.iter().zip(&outcomes) {
                    apply(*outcome, &listed.record, &mut expected);
                }
                assert_eq!(erased(&world, &listed).await, outcomes, "{listed:?}");
            }
            assert_eq!(rows(&world), expected);
            for listed in inventory.iter().rev() {
                assert_eq!(erased(&world, &[listed]).await, [again(listed)], "{listed:?}");
            }
            assert_eq!(rows(&world), expected);
        });
    }
}

/// A record of Ana's of every kind, shared and not.
fn some_listed() -> impl Iterator<Item = Listed> {
    let listed = |kind| [false, true].map(|shared| Listed { record: anas(kind), shared });
    Kind::ALL
        .into_iter()
        .flat_map(listed)
        .filter(|listed| !listed.shared || listed.record.kind == Kind::Meeting)
}

#[tokio::test]
async fn a_call_that_breaks_is_made_again_and_leaves_the_same() {
    for listed in some_listed() {
        // Reading comes before writing, where there is any.
        for (spared, fault) in [(0, None), (0, Some(Fault::BeforeIt)), (0, Some(Fault::AfterIt))]
            .into_iter()
            .chain([(1, Some(Fault::BeforeIt)), (1, Some(Fault::AfterIt))])
        {
            let records = by_key(vec![listed.record.clone()]);
            let world = World::with(&records);
            let must = outcome(&listed, &records);
            let mut expected = rows(&world);
            apply(must, &listed.record, &mut expected);
            (0..spared).for_each(|_| world.local.spare_next());
            if let Some(fault) = fault {
                world.local.fail_next(fault);
            }
            let outcome = erased(&world, &[&listed]).await[0];
            // Where only the answer was lost, the second call finds nothing to do.
            let is_told = outcome == must || (fault == Some(Fault::AfterIt) && outcome == Erased::Left);
            assert!(is_told, "{listed:?} {fault:?} {outcome:?}");
            assert_eq!(rows(&world), expected, "{listed:?} {fault:?}");
        }
    }
}

/// A board of Ana's, and what its row becomes before it is written.
async fn masked_after(change: impl Fn(&mut Value)) -> (Vec<Erased>, Item, Vec<String>) {
    let listed = Listed { record: anas(Kind::Board), shared: false };
    let world = World::with(&by_key(vec![listed.record.clone()]));
    let mut row = listed.record.row();
    change(&mut row);
    world.local.spare_next();
    world.local.come_before_next("PutItem", json!({"TableName": "boards", "Item": row}));
    world.local.forget_calls();
    let outcomes = erased(&world, &[&listed]).await;
    let row = rows(&world).remove(&(Kind::Board, listed.record.key())).unwrap();
    (outcomes, row, world.local.calls())
}

#[tokio::test]
async fn what_changes_between_reading_and_masking_is_masked_as_it_is_by_then() {
    let text = |text: &str| json!({"S": text});
    let twice = ["GetItem", "UpdateItem", "GetItem", "UpdateItem"];
    let (outcomes, row, calls) = masked_after(|row| row["host_name"] = text("Cleopatra")).await;
    assert_eq!((outcomes, &row["host_name"]), (vec![Erased::Masked], &text("Cle")));
    assert_eq!(calls, twice);

    let (outcomes, row, calls) = masked_after(|row| row["more"] = text("less")).await;
    let pseudonym = pseudonyms().throughout(&AttributeValue::S("less".to_owned()));
    assert_eq!((outcomes, &row["more"]), (vec![Erased::Masked], &text(&pseudonym)));
    assert_eq!(calls, twice);

    // What is masked whatever stands there need not be read again, unless it is gone.
    let (outcomes, row, calls) = masked_after(|row| row["note"] = text("another")).await;
    assert_eq!((outcomes, &row["note"]), (vec![Erased::Masked], &text("gone")));
    assert_eq!(calls, twice[..2]);
    let without = |row: &mut Value| {
        row.as_object_mut().unwrap().remove("note");
    };
    let (outcomes, row, calls) = masked_after(without).await;
    assert_eq!((outcomes, row.get("note")), (vec![Erased::Masked], None));
    assert_eq!(calls, twice);

    let (outcomes, row, _) = masked_after(|row| row["owner_email"] = text(PEOPLE[1])).await;
    assert_eq!((outcomes, &row["host_name"]), (vec![Erased::Left], &text("whoever")));
}

#[tokio::test]
async fn what_is_no_text_is_not_passed_off_as_truncated() {
    let listed = Listed { record: anas(Kind::Board), shared: false };
    let world = World::with(&by_key(vec![listed.record.clone()]));
    let mut row = listed.record.row();
    row["host_name"] = json!({"L": [{"S": "whoever"}]});
    world.put_row(Kind::Board, &row);
    let before = rows(&world);
    let (subject, pseudonyms) = (ana(None), pseudonyms());
    let (stores, map) = (&world.stores, &world.map);
    let with = Erasing { stores, map, subject: &subject, pseudonyms: Some(&pseudonyms), on_hold: &[] };
    let target: Target = serde_json::from_value(stored(&listed)).unwrap();
    let refused = erase(&with, map.source("boards").unwrap(), &[&target]).await.unwrap_err();
    assert!(refused.to_string().contains("`host_name` is no text"), "{refused}");
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn whether_others_have_a_part_is_seen_on_the_last_page_too() {
    let meeting = anas(Kind::Meeting);
    let attended = |who: usize, account: usize| Record { who, account, ..anas(Kind::Participant) };
    let world = World::with(&by_key(vec![meeting.clone(), attended(ANA, AMBER), attended(1, BIRCH)]));
    world.local.limit_pages(1);
    let item = match &world.found("meetings", &ana(None)).await.unwrap()[..] {
        [Found::Record { item, .. }] => item.clone(),
        other => panic!("{other:?}"),
    };
    let source = |name: &str| world.map.source(name).unwrap();
    let ask = async |name: &str, people: &[Subject]| {
        is_shared(&world.stores, &world.map, source(name), &item, people).await.unwrap()
    };
    let both = [somebody(ANA), somebody(2)];
    assert!(!ask("meetings", &both[..1]).await, "Bob's attendance is of another account");
    world.put(&attended(2, AMBER));
    assert!(ask("meetings", &both[..1]).await);
    assert!(!ask("meetings", &both).await);
    world.local.forget_calls();
    assert!(!ask("boards", &both).await);
    assert!(world.local.calls().is_empty(), "nothing is read for another rule");
}

#[tokio::test]
async fn a_record_that_was_listed_long_ago_is_shared_with_who_has_come_since() {
    let meeting = anas(Kind::Meeting);
    let world = World::with(&by_key(vec![meeting.clone(), anas(Kind::Participant)]));
    let key = match &world.found("meetings", &ana(None)).await.unwrap()[..] {
        [Found::Record { key, .. }] => key.clone(),
        other => panic!("{other:?}"),
    };
    let (source, people) = (world.map.source("meetings").unwrap(), [somebody(ANA)]);
    let ask = async || is_shared_by_now(&world.stores, &world.map, source, &key, &people).await.unwrap();
    assert!(!ask().await);
    world.put(&Record { who: 2, ..anas(Kind::Participant) });
    assert!(ask().await);
    world.remove(&meeting);
    assert!(!ask().await, "what is gone is nobody's");
}
