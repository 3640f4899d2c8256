//! A case: a data map, the records that it leads to, and all that happens to them.

use std::collections::BTreeSet;

use habeas_local_table::{Fault, LocalTable};
use proptest::prelude::*;
use proptest::sample::select;

use crate::drafts::some_map;
use crate::maps::Map;
use crate::model::Held;
use crate::records::{Change, Link, Record, TEXTS, place, some_change, some_link, some_record};
use crate::tables::{Id, Row, Rows, Table, World};

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) map: Map,
    /// How many people the request is about.
    pub(crate) people: usize,
    links: Vec<Link>,
    records: Vec<Record>,
    /// What the product does between the inventory and erasing.
    events: Vec<Event>,
    holds: Vec<Hold>,
    pub(crate) page_records: u64,
    /// How many targets are erased in one go, over and over.
    pub(crate) batches: Vec<usize>,
    faults: Vec<Burst>,
}

#[derive(Debug, Clone)]
enum Event {
    ComesIn(Record),
    /// Of the records that are there, counted round.
    Befalls(usize, Change),
}

/// A legal hold on records of a source, counted round.
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
    fn on(&self, map: &Map) -> Held {
        let entry = &map.entries[self.source % map.entries.len()];
        let (field, value) = match self.by {
            HeldBy::Own => (entry.field, entry.by.text(self.value)),
            HeldBy::Place => ("place", place(self.value)),
            HeldBy::Title => ("title", TEXTS[self.value].to_owned()),
            HeldBy::NoNumber => ("title", NO_NUMBERS[self.value % NO_NUMBERS.len()].to_owned()),
        };
        Held { source: entry.name.clone(), field, value }
    }
}

impl Case {
    /// All tables of the case.
    pub(crate) fn tables(&self) -> Vec<Table> {
        let users = self.map.has_ids().then_some(Table::Users);
        self.map.tables().into_iter().chain(users).collect()
    }

    /// Of several rows with the same key the last one counts.
    pub(crate) fn rows(&self) -> Rows {
        let links = if self.map.has_ids() { &self.links[..] } else { &[] };
        let links = links.iter().enumerate().map(|(number, link)| (Table::Users, link.row(number)));
        let rows = links.chain(self.records.iter().map(|record| record.row(&self.map)));
        rows.map(|(table, row)| (table.id(&row), row)).collect()
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.holds.iter().map(|hold| hold.on(&self.map)).collect()
    }

    /// Makes some of the calls to come go wrong, and says of each whether it does.
    pub(crate) fn go_wrong(&self, local: &LocalTable) -> Vec<bool> {
        local.forget_calls();
        let mut turns = Vec::new();
        for Burst { spared, fault, times } in &self.faults {
            (0..*spared).for_each(|_| local.spare_next());
            (0..*times).for_each(|_| local.fail_next(*fault));
            turns.extend([vec![false; *spared], vec![true; *times]].concat());
        }
        turns
    }

    /// Lets the product do what it does, and says which records it has touched.
    pub(crate) fn happen(&self, world: &World, rows: &mut Rows) -> BTreeSet<Id> {
        let mut touched = BTreeSet::new();
        for event in &self.events {
            let (gone, come) = match event {
                Event::ComesIn(record) => (None, Some(record.row(&self.map))),
                Event::Befalls(which, change) => {
                    let of_records: Vec<_> =
                        rows.keys().filter(|(table, _)| *table != Table::Users).collect();
                    let Some(id) = of_records.get(which % of_records.len().max(1)) else { continue };
                    let id = Id::clone(id);
                    let row = change.of(&self.map, id.0, rows[&id].clone());
                    let come = row.map(|row| (id.0, row));
                    (Some(id), come)
                }
            };
            touched.extend(gone.inspect(|id| go(world, rows, id)));
            touched.extend(come.map(|(table, row)| put(world, rows, table, row)));
        }
        touched
    }
}

fn go(world: &World, rows: &mut Rows, id: &Id) {
    world.remove(id);
    rows.remove(id);
}

fn put(world: &World, rows: &mut Rows, table: Table, row: Row) -> Id {
    world.put(table, &row);
    let id = table.id(&row);
    rows.insert(id.clone(), row);
    id
}

fn some_event() -> impl Strategy<Value = Event> {
    let befalls = (0..12_usize, some_change()).prop_map(|(which, change)| Event::Befalls(which, change));
    prop_oneof![3 => befalls, 1 => some_record().prop_map(Event::ComesIn)]
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
        prop::collection::vec(some_event(), 0..4),
    );
    let work = (
        prop::collection::vec(some_hold(), 0..3),
        2..10_u64,
        prop::collection::vec(1..6_usize, 1..4),
        prop::collection::vec(some_burst(), 0..4),
    );
    (tables, work).prop_map(move |(tables, work)| {
        let ((map, links, records, events), (holds, page_records, batches, faults)) = (tables, work);
        Case { map, people, links, records, events, holds, page_records, batches, faults }
    })
}
