//! A walk by many ids, through a table or through its parts, finds all that is a
//! person's, and what that leads to: once, and nothing else.

use std::collections::BTreeSet;

use habeas_sources::{Cursor, Key, Part, Walk};
use proptest::prelude::*;

use crate::record::{
    Kind, Record, Records, Seen, WHOSE, ana, anas, by_key, expected, seen, some_record, some_records,
};
use crate::tables::{PAGES_MAX, World, block_on};

/// What a page has, and where the next one begins.
type Read = (Vec<Seen>, Option<Cursor>);

async fn read(world: &World, kind: Kind, part: Part, cursor: &Cursor) -> Read {
    let page = world.page(kind, &ana(), part, cursor).await;
    (page.found.into_iter().map(seen).collect(), page.next)
}

/// All that is found of Ana's, sorted.
async fn found(world: &World, kind: Kind, part: Part) -> Vec<Seen> {
    let found = world.found(kind, &ana(), part).await;
    let mut found: Vec<_> = found.into_iter().map(seen).collect();
    found.sort();
    found
}

/// Every page with the cursor that it was read from, in order.
async fn pages(world: &World, kind: Kind, part: Part) -> Vec<(Cursor, Read)> {
    let (mut pages, mut next) = (Vec::new(), Some(Cursor::default()));
    while let Some(cursor) = next.take() {
        let page = read(world, kind, part, &cursor).await;
        next.clone_from(&page.1);
        pages.push((cursor, page));
        assert!(pages.len() < PAGES_MAX, "the walk has no end");
    }
    pages
}

/// Tables whose records come and go.
struct Story {
    world: World,
    now: Records,
    /// All records that have ever been there.
    ever: Vec<Record>,
    /// What came or went.
    touched: BTreeSet<(Kind, Key)>,
}

impl Story {
    fn of(records: Records, page_records: u64) -> Self {
        let world = World::with(&records);
        world.local.limit_pages(page_records);
        Self { world, ever: records.values().copied().collect(), now: records, touched: BTreeSet::new() }
    }

    /// A record comes, or goes where there is one of its key.
    fn turn(&mut self, record: Record) {
        let id = record.id();
        self.touched.insert(id.clone());
        if let Some(gone) = self.now.remove(&id) {
            self.world.remove(&gone);
        } else {
            self.world.put(&record);
            self.ever.push(record);
            self.now.insert(id, record);
        }
    }

    /// Whether neither a record nor what leads to it has ever come or gone.
    fn is_steady(&self, kind: Kind, seen: &Seen) -> bool {
        let is_touched = |kind: Kind, key: Key| self.touched.contains(&(kind, key));
        !is_touched(kind, seen.key.clone()) && (seen.own || !is_touched(Kind::Room, room_of(&seen.key)))
    }
}

fn room_of(key: &Key) -> Key {
    Key::from([("room_id".to_owned(), key["room_id"].clone())])
}

/// A room that leads Ana to others' records, or anything else.
fn some_turn() -> impl Strategy<Value = Record> {
    let room = (0..4_usize, 0..WHOSE).prop_map(|(place, who)| Record { place, who, ..anas(Kind::Room) });
    prop_oneof![room, some_record()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_walk_by_many_ids_finds_what_any_of_them_leads_to_once(
        records in some_records(),
        page_records in 1..5_u64,
    ) {
        block_on(async {
            let world = World::with(&records);
            world.local.limit_pages(page_records);
            for kind in Kind::ALL {
                let found = found(&world, kind, Part::default()).await;
                assert_eq!(found, expected(records.values(), kind), "{kind:?}");
            }
        });
    }

    #[test]
    fn a_walk_by_many_ids_goes_on_from_any_stored_cursor_and_reads_the_same_page_again(
        records in some_records(),
        page_records in 1..5_u64,
        of in 1..4_u32,
    ) {
        block_on(async {
            let world = World::with(&records);
            world.local.limit_pages(page_records);
            for kind in Kind::ALL {
                let mut found = Vec::new();
                for number in 0..of {
                    let part = Part { number, of };
                    let pages = pages(&world, kind, part).await;
                    for (cursor, page) in pages.iter().rev() {
                        assert_eq!(read(&world, kind, part, cursor).await, *page, "{kind:?} {part:?}");
                    }
                    found.extend(pages.into_iter().flat_map(|(_, (found, _))| found));
                }
                found.sort();
                assert_eq!(found, expected(records.values(), kind), "{kind:?}");
            }
        });
    }

    #[test]
    fn a_person_is_known_by_any_of_their_ids_where_no_whole_table_is_read_for_it(
        records in some_records(),
        page_records in 1..5_u64,
    ) {
        block_on(async {
            let (world, subject) = (World::with(&records), ana());
            world.local.limit_pages(page_records);
            for kind in Kind::ALL {
                let walk = Walk::new(&world.stores, &world.map, world.source(kind), &subject);
                let has_own = records.values().any(|record| record.kind == kind && record.is_anas());
                let is_known = has_own && kind != Kind::Log;
                assert_eq!(walk.is_known().await.unwrap(), is_known, "{kind:?}");
            }
        });
    }

    #[test]
    fn parts_together_find_what_one_walk_finds_and_what_is_no_scan_is_in_the_first(
        records in some_records(),
        page_records in 1..5_u64,
        of in 1..7_u32,
    ) {
        block_on(async {
            let world = World::with(&records);
            world.local.limit_pages(page_records);
            for kind in Kind::ALL {
                let mut all = found(&world, kind, Part { number: 0, of }).await;
                for number in 1..of {
                    world.local.forget_calls();
                    let found = found(&world, kind, Part { number, of }).await;
                    let calls = world.local.calls();
                    assert!(calls.iter().all(|call| call == "Scan"), "{kind:?} {calls:?}");
                    assert_eq!(calls.is_empty(), kind != Kind::Log, "{kind:?}");
                    assert!(found.iter().all(|seen| seen.own), "{found:?}");
                    all.extend(found);
                }
                all.sort();
                assert_eq!(all, expected(records.values(), kind), "{kind:?}");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_comes_and_goes_meanwhile_leaves_the_rest_to_be_found_once_by_many_ids_and_in_parts(
        records in some_records(),
        kind in prop::sample::select(Kind::ALL.to_vec()),
        page_records in 1..4_u64,
        of in 1..4_u32,
        turns in prop::collection::vec(prop::collection::vec(some_turn(), 0..3), 0..16),
    ) {
        block_on(async {
            let mut story = Story::of(records, page_records);
            let before = expected(story.now.values(), kind);
            let (mut turns, mut found, mut pages) = (turns.into_iter(), Vec::new(), 0);
            for number in 0..of {
                let mut next = Some(Cursor::default());
                while let Some(cursor) = next.take() {
                    let page = read(&story.world, kind, Part { number, of }, &cursor).await;
                    found.extend(page.0);
                    next = page.1;
                    for record in turns.next().unwrap_or_default() {
                        story.turn(record);
                    }
                    pages += 1;
                    assert!(pages < PAGES_MAX, "the walk has no end");
                }
            }
            let possible = expected(story.ever.iter(), kind);
            assert!(found.iter().all(|seen| possible.contains(seen)), "{found:?}");
            let steady = |seen: &Seen| story.is_steady(kind, seen);
            let must: Vec<_> = before.into_iter().filter(steady).collect();
            found.retain(|seen| must.contains(seen));
            found.sort();
            assert_eq!(found, must);
        });
    }
}

#[tokio::test]
async fn every_part_of_a_table_with_many_keys_has_a_share_of_it() {
    const LOGS: usize = 64;
    const OF: u32 = 4;
    let records = by_key((0..LOGS).map(|place| Record { place, ..anas(Kind::Log) }));
    let world = World::with(&records);
    let mut all = Vec::new();
    for number in 0..OF {
        let found = found(&world, Kind::Log, Part { number, of: OF }).await;
        assert!((1..LOGS).contains(&found.len()), "part {number} has {}", found.len());
        all.extend(found);
    }
    all.sort();
    assert_eq!(all, expected(records.values(), Kind::Log));
}
