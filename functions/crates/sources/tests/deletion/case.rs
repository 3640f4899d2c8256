//! A case: a data map, the records that it leads to, and all that happens to them.

use std::collections::{BTreeMap, BTreeSet};

use habeas_local_aws::{LocalAws, Strike};
use habeas_local_table::Fault;
use proptest::prelude::*;
use proptest::sample::select;

use crate::answers::{Manners, some_manners};
use crate::drafts::some_map;
use crate::events::{Event, Meanwhile, note, some_event, some_meanwhile};
use crate::files::{File, some_file};
use crate::maps::{Entry, Map};
use crate::model::Held;
use crate::records::{Link, Record, TEXTS, place, some_link, some_record};
use crate::tables::{Id, Rows, Table};
use crate::world::World;

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) map: Map,
    /// How many people the request is about.
    pub(crate) people: usize,
    links: Vec<Link>,
    records: Vec<Record>,
    /// Where the map has a bucket.
    files: Vec<File>,
    /// What the product does between the inventory and erasing.
    events: Vec<Event>,
    /// What it does while something is erased, by how manieth that is.
    pub(crate) meanwhile: BTreeMap<usize, Meanwhile>,
    holds: Vec<Hold>,
    pub(crate) page_records: u32,
    pub(crate) manners: Manners,
    /// How many targets are erased in one go, over and over.
    pub(crate) batches: Vec<usize>,
    faults: Vec<Burst>,
}

/// A legal hold on records of a source, counted round. There are holds on records
/// of tables alone.
#[derive(Debug, Clone)]
struct Hold {
    source: usize,
    by: HeldBy,
    value: usize,
}

#[derive(Debug, Clone, Copy)]
enum HeldBy {
    /// What says whose a record is.
    Own,
    Place,
    Title,
    /// A text that no record has.
    NoNumber,
}

/// What reads as a number, and as none that DynamoDB can have.
const NO_NUMBERS: [&str; 4] = ["9e200", "1e-200", "inf", "1234567890123456789012345678901234567890"];

/// Calls that go wrong, one after the other, behind some that do not.
#[derive(Debug, Clone)]
struct Burst {
    spared: usize,
    fault: Fault,
    times: usize,
}

impl Hold {
    fn on(&self, map: &Map) -> Option<Held> {
        let tables: Vec<&Entry> = map.entries.iter().filter(|entry| entry.table.is_dynamodb()).collect();
        let entry = tables.get(self.source % tables.len().max(1))?;
        let (field, value) = match self.by {
            HeldBy::Own => (entry.field, entry.by.text(self.value)),
            HeldBy::Place => ("place", place(self.value)),
            HeldBy::Title => ("title", TEXTS[self.value].to_owned()),
            HeldBy::NoNumber => ("title", NO_NUMBERS[self.value % NO_NUMBERS.len()].to_owned()),
        };
        Some(Held { source: entry.name.clone(), field, value })
    }
}

impl Case {
    /// All tables of the case.
    pub(crate) fn tables(&self) -> Vec<Table> {
        let users = self.map.has_ids().then_some(Table::Users);
        let files = self.map.has_files().then_some(Table::Files);
        self.map.tables().into_iter().chain(users).chain(files).collect()
    }

    /// Of several rows with the same key the last one counts.
    pub(crate) fn rows(&self) -> Rows {
        let links = if self.map.has_ids() { &self.links[..] } else { &[] };
        let links = links.iter().enumerate().map(|(number, link)| (Table::Users, link.row(number)));
        let records = self.records.iter().map(|record| record.row(&self.map));
        let files = if self.map.has_files() { &self.files[..] } else { &[] };
        let files = files.iter().map(|file| file.row(&self.map));
        let rows = links.chain(records).chain(files);
        rows.map(|(table, row)| (table.id(&row), row)).collect()
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.holds.iter().filter_map(|hold| hold.on(&self.map)).collect()
    }

    /// Makes some of the calls to come go wrong, and says of each whether it does.
    pub(crate) fn go_wrong(&self, aws: &LocalAws) -> Vec<bool> {
        aws.forget_calls();
        let mut turns = Vec::new();
        for Burst { spared, fault, times } in &self.faults {
            turns.extend(vec![false; *spared]);
            for _ in 0..*times {
                aws.strike(Strike { after: turns.len(), fault: *fault, is_deadly: false });
                turns.push(true);
            }
        }
        turns
    }

    /// Lets the product do what it does, and says which rows it has touched.
    pub(crate) fn happen(&self, world: &World, rows: &mut Rows) -> BTreeSet<Id> {
        let mut touched = BTreeSet::new();
        for event in &self.events {
            let written = event.happen(world, &self.map, rows);
            note(&written, rows);
            touched.extend(written.into_iter().map(|(id, _)| id));
        }
        touched
    }
}

fn some_hold() -> impl Strategy<Value = Hold> {
    let by = select(vec![HeldBy::Own, HeldBy::Place, HeldBy::Title, HeldBy::NoNumber]);
    let fields = (0..4_usize, by, 0..TEXTS.len());
    fields.prop_map(|(source, by, value)| Hold { source, by, value })
}

/// Once or twice the SDK tries again by itself; what goes wrong more often kills
/// the step.
fn some_burst() -> impl Strategy<Value = Burst> {
    let fault = select(vec![Fault::BeforeIt, Fault::AfterIt]);
    let fields = (0..16_usize, fault, select(vec![1, 1, 2, 3, 5]));
    fields.prop_map(|(spared, fault, times)| Burst { spared, fault, times })
}

/// Two records a page at least: the database in memory gives the one record of a
/// key without a second part again and again where only one is asked for.
pub(crate) fn some_case(people: usize) -> impl Strategy<Value = Case> {
    let tables = (
        some_map(),
        prop::collection::vec(some_link(), 0..5),
        prop::collection::vec(some_record(), 0..16),
        prop::collection::vec(some_file(), 0..5),
        prop::collection::vec(some_event(), 0..4),
        prop::collection::btree_map(0..10_usize, some_meanwhile(), 0..3),
    );
    let work = (
        prop::collection::vec(some_hold(), 0..3),
        2..10_u32,
        some_manners(),
        prop::collection::vec(1..6_usize, 1..4),
        prop::collection::vec(some_burst(), 0..4),
    );
    (tables, work).prop_map(move |(tables, work)| {
        let (map, links, records, files, events, meanwhile) = tables;
        let (holds, page_records, manners, batches, faults) = work;
        Case {
            map,
            people,
            links,
            records,
            files,
            events,
            meanwhile,
            holds,
            page_records,
            manners,
            batches,
            faults,
        }
    })
}
