//! A walk finds what is a person's, and what that leads to: all of it, once, and
//! nothing else.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "walk/meanwhile.rs"]
mod meanwhile;
#[path = "walk/unreadable.rs"]
mod unreadable;
mod world;

use habeas_local_table::LocalTable;
use habeas_sources::{Cursor, Found, Key, SourceError, Subject, Walk};
use proptest::prelude::*;
use serde_json::json;
use world::record::{AMBER, ANA, Kind, Record, Records, anas, by_key, some_records};
use world::{Days, PAGES_MAX, World, ana, block_on};

const BOB: usize = 1;

const SOURCES: [&str; 6] = ["meetings", "participants", "polls", "messages", "files", "boards"];

/// Few enough of these fit into the megabyte that DynamoDB gives at a time.
const LARGE_BYTES: usize = 300_000;

/// What a walk finds, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Record { key: Key, own: bool },
    File { key: String, lead: Key },
}

fn seen(found: Found) -> Seen {
    match found {
        Found::Record { key, own, .. } => Seen::Record { key, own },
        Found::File { file, lead } => Seen::File { key: file.key, lead: lead.unwrap() },
    }
}

/// All that a walk from the start to the end finds, sorted.
async fn all_seen(world: &World, source: &str, subject: &Subject) -> Result<Vec<Seen>, SourceError> {
    let mut all: Vec<_> = world.found(source, subject).await?.into_iter().map(seen).collect();
    all.sort();
    Ok(all)
}

/// What a walk must find of Ana's in the account amber, sorted.
fn expected(records: &Records, source: &str, days: Option<Days>) -> Vec<Seen> {
    let found = records.values().filter_map(|record| match record.kind {
        Kind::Message if source == "files" => attached(record, days),
        kind if kind.source() == source => found_as(records, record, days),
        _ => None,
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

fn found_as(records: &Records, record: &Record, days: Option<Days>) -> Option<Seen> {
    let own = record.who == ANA;
    let meeting = led_by(records, record);
    let is_found = match record.kind {
        Kind::Participant => (own || meeting.is_some()) && within(days, record),
        Kind::Poll => own || meeting.is_some_and(|meeting| within(days, meeting)),
        _ => own && within(days, record),
    };
    (is_found && record.account == AMBER).then(|| Seen::Record { key: record.key(), own })
}

/// The file of a message, which has the message's time.
fn attached(message: &Record, days: Option<Days>) -> Option<Seen> {
    let key = message.file_name().filter(|_| message.is_anas() && within(days, message))?;
    Some(Seen::File { key, lead: message.key() })
}

/// Ana's meeting that a record belongs to.
fn led_by<'r>(records: &'r Records, record: &Record) -> Option<&'r Record> {
    let mut meetings = records.values().filter(|other| other.kind == Kind::Meeting && other.is_anas());
    meetings.find(|meeting| meeting.place == record.place)
}

fn within(days: Option<Days>, record: &Record) -> bool {
    days.is_none_or(|(from, to)| (from..=to).contains(&record.day))
}

/// One page, by a walk that knows nothing of those before it.
async fn page(
    world: &World,
    source: &str,
    subject: &Subject,
    cursor: &Cursor,
) -> (Vec<Seen>, Option<Cursor>) {
    let walk = Walk::new(&world.stores, &world.map, world.map.source(source).unwrap(), subject);
    let page = walk.page(cursor).await.unwrap();
    (page.found.into_iter().map(seen).collect(), page.next)
}

/// A cursor as it is read again after it was stored.
fn stored(cursor: &Cursor) -> Cursor {
    let read: Cursor = serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap();
    assert_eq!(*cursor, read);
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_walk_finds_what_is_theirs_and_what_that_leads_to_each_once(
        records in some_records(),
        page_records in 1..5_u64,
    ) {
        block_on(async {
            let world = World::with(&records);
            world.local.limit_pages(page_records);
            for source in SOURCES {
                let found = all_seen(&world, source, &ana(None)).await.unwrap();
                assert_eq!(found, expected(&records, source, None), "{source}");
            }
        });
    }

    #[test]
    fn a_walk_goes_on_from_any_stored_cursor_and_reads_the_same_page_again(
        records in some_records(),
        page_records in 1..5_u64,
    ) {
        block_on(async {
            let world = World::with(&records);
            world.local.limit_pages(page_records);
            for source in SOURCES {
                let mut pages = Vec::new();
                let mut next = Some(Cursor::default());
                while let Some(cursor) = next.take() {
                    let cursor = stored(&cursor);
                    let page = page(&world, source, &ana(None), &cursor).await;
                    next.clone_from(&page.1);
                    pages.push((cursor, page));
                    assert!(pages.len() < PAGES_MAX, "the walk has no end");
                }
                for (cursor, read) in pages.iter().rev() {
                    assert_eq!(page(&world, source, &ana(None), cursor).await, *read, "{source}");
                }
                let mut found: Vec<_> = pages.into_iter().flat_map(|(_, (found, _))| found).collect();
                found.sort();
                assert_eq!(found, expected(&records, source, None), "{source}");
            }
        });
    }

    #[test]
    fn a_range_of_days_chooses_by_a_records_own_time_or_else_by_that_of_its_lead(
        records in some_records(),
        (one, other) in (1..10_u32, 1..10_u32),
    ) {
        block_on(async {
            let world = World::with(&records);
            let days = Some((one.min(other), one.max(other)));
            for source in SOURCES {
                let found = all_seen(&world, source, &ana(days)).await.unwrap();
                assert_eq!(found, expected(&records, source, days), "{source}");
            }
        });
    }
}

#[tokio::test]
async fn records_of_which_few_make_a_page_are_all_found() {
    let world = World::with(&Records::new());
    let mut records = Vec::new();
    for (kind, number) in Kind::ALL.into_iter().flat_map(|kind| (0..6).map(move |number| (kind, number))) {
        let place = if kind == Kind::Poll { 0 } else { number };
        let who = if kind == Kind::Poll && number % 2 == 1 { BOB } else { ANA };
        let record = Record { place, number, who, ..anas(kind) };
        let mut row = record.row();
        row["title"] = json!({"S": "x".repeat(LARGE_BYTES)});
        world.put_row(kind, &row);
        records.push(record);
    }
    let records = by_key(records);
    for source in SOURCES {
        world.local.forget_calls();
        let found = all_seen(&world, source, &ana(None)).await.unwrap();
        assert_eq!(found, expected(&records, source, None), "{source}");
        assert!(pages_of(&world.local) > 1, "{source} was one page");
    }
}

fn pages_of(local: &LocalTable) -> usize {
    local.calls().iter().filter(|call| ["Query", "Scan"].contains(&call.as_str())).count()
}
