//! Random data maps, of which each passes the check of an operator's.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use crate::maps::{By, Entry, How, Map, Mask, Masked, Rule};
use crate::tables::Table;

/// Fields that any mask may name.
const FIELDS: [&str; 5] = ["venue", "file", "title", "note", "phone"];

/// What leads somewhere is no NULL: that would not be found in a key.
const LEADS: [&str; 2] = ["venue", "file"];

/// What is drawn for the bucket: two sources, with the rules to retain or to delete.
#[derive(Debug, Clone)]
struct Drawer {
    prefix: Option<(By, bool)>,
    /// Which of the sources that can leads there.
    lead: Option<(usize, bool)>,
}

/// What is drawn for a table. The table decides what of it there can be.
#[derive(Debug, Clone)]
struct Draft {
    table: Table,
    by: By,
    /// Where the whole table is read.
    parts: Option<u32>,
    wish: Wish,
    mask: Mask,
    /// What a mask makes of the field that says whose a record is.
    own: Masked,
}

#[derive(Debug, Clone, Copy)]
enum Wish {
    Delete,
    Mask,
    Shared,
    Retain,
}

/// A table whose records lead to those of another one.
#[derive(Debug, Clone, Copy)]
struct Lead {
    parent: Table,
    child: Table,
    field: &'static str,
}

impl Lead {
    /// The tables are drawn by number, and counted round.
    fn of(drafts: &[Draft], (parent, child, field): (usize, usize, &'static str)) -> Option<Self> {
        let parents: Vec<_> = drafts.iter().filter(|draft| draft.can_lead()).collect();
        let parent = parents.get(parent % parents.len().max(1))?.table;
        let is_led_to = |table: &Table| *table != parent && table.is_dynamodb() && table.key()[0] == "place";
        let children: Vec<_> = drafts.iter().map(|draft| draft.table).filter(is_led_to).collect();
        let child = *children.get(child % children.len().max(1))?;
        Some(Self { parent, child, field })
    }
}

impl Draft {
    fn how(&self) -> How {
        match self.parts {
            _ if self.table.key()[0] == "who" || !self.table.is_dynamodb() => How::Key,
            Some(parts) => How::Scan { parts },
            None => How::Index,
        }
    }

    /// Leads are read one by one, and the database in memory gives the one record of
    /// a key without a second part again and again.
    fn can_lead(&self) -> bool {
        self.table.is_dynamodb() && self.table != Table::Cards && !matches!(self.how(), How::Scan { .. })
    }

    fn entry(&self, lead: Option<Lead>) -> Entry {
        let table = self.table;
        let mut mask = self.mask.clone();
        mask.insert("who", self.own);
        if table == Table::Answers {
            mask.values_mut().for_each(|how| *how = how.of_function());
        }
        let child = lead.filter(|lead| lead.parent == table).map(|lead| lead.child.name());
        let rule = match (self.wish, child) {
            (Wish::Retain, _) => Rule::Retain,
            (Wish::Delete, _) => Rule::Delete,
            // What is in the key cannot be masked.
            _ if table.key().contains(&"who") => Rule::Delete,
            (Wish::Shared, Some(with)) => Rule::Shared { with, mask },
            (Wish::Mask | Wish::Shared, _) => Rule::Mask(mask),
        };
        let through = lead.filter(|lead| lead.child == table).map(|lead| (lead.parent.name(), lead.field));
        Entry {
            name: table.name().to_owned(),
            table,
            field: "who",
            by: self.by,
            how: self.how(),
            through,
            rule,
        }
    }
}

impl Masked {
    /// What there are words for in a call of a function.
    fn of_function(self) -> Self {
        match self {
            Self::Pseudonym => Self::Constant,
            Self::Cut(_) => Self::Null,
            Self::Removed | Self::Null | Self::Constant => self,
        }
    }
}

impl Drawer {
    fn entries(&self, others: &[Entry]) -> Vec<Entry> {
        let parents: Vec<_> = others.iter().filter(|entry| entry.can_lead_to_files()).collect();
        let entry = |name: &str, by, how, through, is_retained| Entry {
            name: name.to_owned(),
            table: Table::Files,
            field: "key",
            by,
            how,
            through,
            rule: if is_retained { Rule::Retain } else { Rule::Delete },
        };
        let below = self.prefix.map(|(by, is_retained)| entry("drive", by, How::Prefix, None, is_retained));
        let led_to = self.lead.and_then(|(which, is_retained)| {
            let parent = parents.get(which % parents.len().max(1))?.table.name();
            Some(entry("pictures", By::Address, How::Lead, Some((parent, "file")), is_retained))
        });
        below.into_iter().chain(led_to).collect()
    }
}

impl Map {
    /// `other` is for a second source of the first table, whose records two people
    /// may have then; `users` lists the table that ids follow from.
    fn of(
        drafts: Vec<Draft>,
        lead: Option<(usize, usize, &'static str)>,
        other: Option<(By, Masked)>,
        drawer: &Drawer,
        users: bool,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let drafts: Vec<_> = drafts.into_iter().filter(|draft| seen.insert(draft.table)).collect();
        let lead = lead.and_then(|lead| Lead::of(&drafts, lead));
        let mut entries: Vec<_> = drafts.iter().map(|draft| draft.entry(lead)).collect();
        // A function is asked by one field, and never for all that it has.
        if let Some((by, how)) = other.filter(|_| entries[0].table.is_dynamodb()) {
            entries[0].rule.also_masks("other", how);
            let (name, first) = (format!("{}-other", entries[0].name), entries[0].clone());
            let (field, how) = ("other", How::Scan { parts: 1 });
            entries.insert(1, Entry { name, field, by, how, through: None, ..first });
        }
        entries.extend(drawer.entries(&entries));
        let mut map = Self { entries };
        if users && map.has_ids() {
            map.entries.push(Entry {
                name: Table::Users.name().to_owned(),
                table: Table::Users,
                field: "email",
                by: By::Address,
                how: How::Key,
                through: None,
                rule: Rule::Retain,
            });
        }
        map
    }
}

fn some_by() -> impl Strategy<Value = By> {
    select(vec![By::Address, By::UserId])
}

/// What a mask may make of what says whose a record is.
fn some_own() -> impl Strategy<Value = Masked> {
    select(vec![Masked::Removed, Masked::Constant, Masked::Pseudonym])
}

fn some_mask() -> impl Strategy<Value = Mask> {
    let cut = (1..4_usize).prop_map(Masked::Cut);
    let how = prop_oneof![3 => some_own(), 1 => Just(Masked::Null), 1 => cut];
    let mask = prop::collection::btree_map(select(FIELDS.to_vec()), how, 0..4);
    mask.prop_map(|mut mask| {
        let leads = mask.iter_mut().filter(|(field, how)| LEADS.contains(*field) && **how == Masked::Null);
        leads.for_each(|(_, how)| *how = Masked::Removed);
        mask
    })
}

/// Most maps have no bucket: its calls take the time of a whole case without one.
fn some_drawer() -> impl Strategy<Value = Drawer> {
    let is_retained = || prop::bool::weighted(0.15);
    let prefix = prop::option::weighted(0.15, (some_by(), is_retained()));
    let lead = prop::option::weighted(0.2, (0..4_usize, is_retained()));
    (prefix, lead).prop_map(|(prefix, lead)| Drawer { prefix, lead })
}

fn some_draft() -> impl Strategy<Value = Draft> {
    let table = select(Table::OF_RECORDS.to_vec());
    let parts = select(vec![None, None, None, Some(1), Some(3)]);
    let wishes = [Wish::Delete, Wish::Delete, Wish::Mask, Wish::Mask, Wish::Shared, Wish::Shared];
    let wish = select(wishes.into_iter().chain([Wish::Retain]).collect::<Vec<_>>());
    let fields = (table, some_by(), parts, wish, some_mask(), some_own());
    fields.prop_map(|(table, by, parts, wish, mask, own)| Draft { table, by, parts, wish, mask, own })
}

/// Most have one table or two: what goes wrong between sources goes wrong between two.
pub(crate) fn some_map() -> impl Strategy<Value = Map> {
    let few = prop::collection::vec(some_draft(), 1..3);
    let more = prop::collection::vec(some_draft(), 3..5);
    let drafts = prop_oneof![3 => few, 1 => more];
    let lead = prop::option::weighted(0.8, (0..4_usize, 0..4_usize, select(vec!["place", "venue"])));
    let other = prop::option::weighted(0.2, (some_by(), some_own()));
    let parts = (drafts, lead, other, some_drawer(), any::<bool>());
    parts.prop_map(|(drafts, lead, other, drawer, users)| Map::of(drafts, lead, other, &drawer, users))
}
