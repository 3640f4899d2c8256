//! What the product does while a deletion is at work.

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;

use crate::case::Case;
use crate::files::{Name, some_name, uploaded};
use crate::maps::Map;
use crate::records::{Change, Record, some_change, some_record};
use crate::tables::{Id, Row, Rows, Table};
use crate::world::World;

#[derive(Debug, Clone)]
pub(crate) enum Event {
    ComesIn(Record),
    /// Where the map has a bucket.
    Uploads(Name),
    /// Of the rows that are there, counted round.
    Befalls(usize, Change),
}

/// Something that happens between two calls of those that erase a few targets.
#[derive(Debug, Clone)]
pub(crate) struct Meanwhile {
    /// How many calls come before. Where there are not as many, it happens behind them.
    spared: usize,
    event: Event,
}

/// Something that is to happen, once. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    once: Arc<OnceLock<Happened>>,
    world: World,
    map: Map,
    tables: Vec<Table>,
    event: Event,
}

/// A row as the product has left it, if it stays.
pub(crate) type Written = (Id, Option<Row>);

/// What has happened, and to which rows.
#[derive(Debug)]
pub(crate) struct Happened {
    pub(crate) before: Rows,
    pub(crate) written: Vec<Written>,
}

impl Event {
    pub(crate) fn happen(&self, world: &World, map: &Map, rows: &Rows) -> Vec<Written> {
        let (gone, come) = match self {
            Self::ComesIn(record) => (None, Some(record.row(map))),
            Self::Uploads(name) if map.has_files() => {
                (None, Some((Table::Files, uploaded(name, map, |id| rows.get(id).cloned()))))
            }
            Self::Uploads(_) => (None, None),
            Self::Befalls(which, change) => {
                let of_records: Vec<_> = rows.keys().filter(|(table, _)| *table != Table::Users).collect();
                let Some(id) = of_records.get(which % of_records.len().max(1)) else { return Vec::new() };
                let id = Id::clone(id);
                let row = change.of(map, id.0, rows[&id].clone());
                let come = row.map(|row| (id.0, row));
                (Some(id), come)
            }
        };
        let come = come.map(|(table, row)| (table.id(&row), row));
        let gone = gone.filter(|id| come.as_ref().is_none_or(|(to, _)| to != id));
        gone.iter().for_each(|id| world.remove(id));
        come.iter().for_each(|(id, row)| world.put(id.0, row));
        gone.map(|id| (id, None)).into_iter().chain(come.map(|(id, row)| (id, Some(row)))).collect()
    }
}

impl Meanwhile {
    /// Lets it happen amid the calls that are to come.
    pub(crate) fn prepare(&self, world: &World, case: &Case) -> Happening {
        let happening = Happening {
            once: Arc::default(),
            world: world.clone(),
            map: case.map.clone(),
            tables: case.tables(),
            event: self.event.clone(),
        };
        let amid = happening.clone();
        world.aws.visit_before(self.spared, move || {
            amid.happen();
        });
        happening
    }
}

impl Happening {
    /// Lets it happen, unless it has.
    pub(crate) fn happen(&self) -> &Happened {
        self.once.get_or_init(|| {
            let before = self.world.rows(&self.tables);
            let written = self.event.happen(&self.world, &self.map, &before);
            Happened { before, written }
        })
    }

    pub(crate) fn has_happened(&self) -> Option<&Happened> {
        self.once.get()
    }
}

/// Writes into the rows of the model what the product has written.
pub(crate) fn note(written: &[Written], rows: &mut Rows) {
    for (id, row) in written {
        match row {
            Some(row) => rows.insert(id.clone(), row.clone()),
            None => rows.remove(id),
        };
    }
}

pub(crate) fn some_event() -> impl Strategy<Value = Event> {
    let befalls = (0..12_usize, some_change()).prop_map(|(which, change)| Event::Befalls(which, change));
    let comes = some_record().prop_map(Event::ComesIn);
    prop_oneof![6 => befalls, 2 => comes, 1 => some_name().prop_map(Event::Uploads)]
}

pub(crate) fn some_meanwhile() -> impl Strategy<Value = Meanwhile> {
    (0..8_usize, some_event()).prop_map(|(spared, event)| Meanwhile { spared, event })
}
