//! Records come and go while a walk goes on.

use std::collections::BTreeSet;

use habeas_sources::{Cursor, Key};
use proptest::prelude::*;

use crate::world::record::{Kind, Record, Records, anas, by_key, some_record, some_records};
use crate::world::{PAGES_MAX, World, ana, block_on};
use crate::{SOURCES, Seen, expected, page, stored};

/// Tables whose records come and go.
struct Story {
    world: World,
    now: Records,
    /// What came or went, by source and key.
    touched: BTreeSet<(&'static str, Key)>,
}

impl Story {
    fn of(records: Records, page_records: u64) -> Self {
        let world = World::with(&records);
        world.local.limit_pages(page_records);
        Self { world, now: records, touched: BTreeSet::new() }
    }

    /// A record comes, or goes where there is one of its key.
    fn turn(&mut self, record: Record) {
        let (kind, key) = (record.kind, record.key());
        self.touched.insert((kind.source(), key.clone()));
        if let Some(gone) = self.now.remove(&(kind, key.clone())) {
            self.world.remove(&gone);
        } else {
            self.world.put(&record);
            self.now.insert((kind, key), record);
        }
    }

    /// Whether neither a record nor what leads to it has ever come or gone.
    fn is_steady(&self, source: &'static str, seen: &Seen) -> bool {
        let is_touched = |source: &'static str, key: Key| self.touched.contains(&(source, key));
        match seen {
            Seen::File { lead, .. } => !is_touched("messages", lead.clone()),
            Seen::Record { key, own: true } => !is_touched(source, key.clone()),
            Seen::Record { key, own: false } => {
                !is_touched(source, key.clone()) && !is_touched("meetings", meeting_of(key))
            }
        }
    }
}

fn meeting_of(key: &Key) -> Key {
    let field = key.get_key_value("meeting_id");
    field.map(|(name, value)| (name.clone(), value.clone())).into_iter().collect()
}

/// A meeting that leads Ana to others' records, or anything else.
fn some_turn() -> impl Strategy<Value = Record> {
    let meeting = (0..5_u8, 1..10_u32).prop_map(|(place, day)| Record { place, day, ..anas(Kind::Meeting) });
    prop_oneof![meeting, some_record()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_comes_and_goes_meanwhile_leaves_everything_else_to_be_found_once(
        records in some_records(),
        source in prop::sample::select(SOURCES.to_vec()),
        page_records in 1..4_u64,
        turns in prop::collection::vec(prop::collection::vec(some_turn(), 0..3), 0..16),
    ) {
        block_on(async {
            let mut story = Story::of(records, page_records);
            let before = expected(&story.now, source, None);
            let mut possible = BTreeSet::from_iter(before.clone());
            let mut turns = turns.into_iter();
            let (mut found, mut next, mut pages) = (Vec::new(), Some(Cursor::default()), 0);
            while let Some(cursor) = next.take() {
                let read = page(&story.world, source, &ana(None), &stored(&cursor)).await;
                found.extend(read.0);
                next = read.1;
                for record in turns.next().unwrap_or_default() {
                    story.turn(record);
                }
                possible.extend(expected(&story.now, source, None));
                pages += 1;
                assert!(pages < PAGES_MAX, "the walk has no end");
            }
            assert!(found.iter().all(|seen| possible.contains(seen)), "{found:?}");
            let steady = |seen: &Seen| story.is_steady(source, seen);
            let must: Vec<_> = before.into_iter().filter(steady).collect();
            let mut found: Vec<_> = found.into_iter().filter(|seen| must.contains(seen)).collect();
            found.sort();
            assert_eq!(found, must);
        });
    }
}

#[tokio::test]
async fn a_meeting_that_comes_in_meanwhile_does_not_make_another_start_again() {
    let meeting = |place| Record { place, ..anas(Kind::Meeting) };
    let guest = |place, who| Record { place, who, ..anas(Kind::Participant) };
    let guests = [guest(1, 1), guest(1, 2), guest(2, 1), guest(2, 2), guest(2, 3)];
    let records = by_key([meeting(0), meeting(2)].into_iter().chain(guests).collect());
    let story = Story::of(records, 1);
    let (mut found, mut next) = (Vec::new(), Some(Cursor::default()));
    let mut has_come = false;
    for _ in 0..PAGES_MAX {
        let Some(cursor) = next.take() else { break };
        let read = page(&story.world, "participants", &ana(None), &cursor).await;
        next = read.1;
        if !read.0.is_empty() && !has_come {
            story.world.put(&meeting(1));
            has_come = true;
        }
        found.extend(read.0);
    }
    assert_eq!((has_come, next), (true, None));
    for who in 1..4 {
        let guest = Seen::Record { key: guest(2, who).key(), own: false };
        assert_eq!(found.iter().filter(|seen| **seen == guest).count(), 1, "{who}");
    }
}
