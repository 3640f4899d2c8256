//! A walk finds what is a person's, and what that leads to: all of it, once, and
//! nothing else.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod world;

use std::collections::BTreeSet;

use habeas_local_table::LocalTable;
use habeas_sources::{Cursor, Found, Key, SourceError, Subject, Walk};
use proptest::prelude::*;
use serde_json::{Value, json};
use world::record::{AMBER, ANA, BIRCH, Kind, Record, Records, anas, by_key, some_record, some_records};
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

/// Records that a walk through a source looks at.
fn looked_at() -> Vec<(&'static str, Record)> {
    let bobs = |kind| Record { who: BOB, ..anas(kind) };
    vec![
        ("meetings", anas(Kind::Meeting)),
        ("participants", anas(Kind::Participant)),
        ("participants", bobs(Kind::Participant)),
        ("participants", anas(Kind::Meeting)),
        ("polls", anas(Kind::Poll)),
        ("polls", bobs(Kind::Poll)),
        ("polls", anas(Kind::Meeting)),
        ("messages", anas(Kind::Message)),
        ("files", anas(Kind::Message)),
        ("boards", anas(Kind::Board)),
    ]
}

/// Those whose time decides whether something of the source is in a range.
fn timed() -> Vec<(&'static str, Record, &'static str)> {
    let bobs = |kind| Record { who: BOB, ..anas(kind) };
    vec![
        ("meetings", anas(Kind::Meeting), "started_at"),
        ("participants", bobs(Kind::Participant), "joined_at"),
        ("polls", anas(Kind::Meeting), "started_at"),
        ("messages", anas(Kind::Message), "sent_at"),
        ("files", anas(Kind::Message), "sent_at"),
        ("boards", anas(Kind::Board), "created_at"),
    ]
}

/// Values that are no times, or none at all.
fn no_times(field: &str) -> Vec<Option<Value>> {
    let mut values =
        vec![None, Some(json!({"S": "yesterday"})), Some(json!({"S": "2026-01-05"})), Some(json!({"S": ""}))];
    // DynamoDB refuses these where an index wants a text that is not empty.
    if field == "joined_at" {
        values.pop();
    } else {
        values.push(Some(json!({"N": "1767607200"})));
    }
    values
}

/// The row of a record, with something else in a field, or nothing.
fn spoilt(record: &Record, field: &str, value: Option<&Value>) -> Value {
    let mut row = record.row();
    let fields = row.as_object_mut().unwrap();
    fields.remove(field);
    fields.extend(value.map(|value| (field.to_owned(), value.clone())));
    row
}

/// Walks through a source of Ana's meeting and one row.
async fn walk_over(
    source: &str,
    kind: Kind,
    row: &Value,
    days: Option<Days>,
) -> Result<Vec<Seen>, SourceError> {
    let world = World::with(&by_key(vec![anas(Kind::Meeting)]));
    world.put_row(kind, row);
    all_seen(&world, source, &ana(days)).await
}

/// It names the source, or the one that led there, and no value of the row.
fn assert_discreet(error: &SourceError, sources: [&str; 2], row: &Value) {
    let message = error.to_string();
    assert!(sources.iter().any(|source| message.contains(&format!("`{source}`"))), "{message}");
    for value in texts(row).into_iter().filter(|value| value.len() > 2) {
        assert!(!message.contains(value), "{message} has {value}");
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_record_that_does_not_say_of_which_account_it_is_stops_the_walk() {
    for (source, record) in looked_at() {
        for account in [None, Some(json!({"N": "987654"})), Some(json!({"NULL": true}))] {
            let row = spoilt(&record, "account_id", account.as_ref());
            let error = walk_over(source, record.kind, &row, None).await.unwrap_err();
            assert_discreet(&error, [source, record.kind.source()], &row);
        }
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_stops_the_walk_where_a_range_asks_for_it() {
    for (source, record, field) in timed() {
        for time in no_times(field) {
            let row = spoilt(&record, field, time.as_ref());
            let error = walk_over(source, record.kind, &row, Some((1, 9))).await.unwrap_err();
            assert_discreet(&error, [source, record.kind.source()], &row);
            assert!(walk_over(source, record.kind, &row, None).await.is_ok(), "{source} {time:?}");
        }
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_stops_nobody_in_another_account() {
    for (source, record, field) in timed() {
        let record = Record { account: BIRCH, ..record };
        let row = spoilt(&record, field, Some(&json!({"S": "yesterday"})));
        let found = walk_over(source, record.kind, &row, Some((1, 9))).await;
        assert!(found.is_ok_and(|found| found.is_empty()), "{source}");
    }
}
