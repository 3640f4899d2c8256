//! Random data maps, of which each passes the check of an operator's.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use crate::maps::{By, Entry, How, Map, Mask, Masked, Rule};
use crate::tables::Table;

/// Fields that any mask may name.
const FIELDS: [&str; 4] = ["venue", "title", "note", "phone"];

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
        let is_led_to = |table: &Table| *table != parent && table.key()[0] == "place";
        let children: Vec<_> = drafts.iter().map(|draft| draft.table).filter(is_led_to).collect();
        let child = *children.get(child % children.len().max(1))?;
        Some(Self { parent, child, field })
    }
}

impl Draft {
    fn how(&self) -> How {
        match self.parts {
            _ if self.table.key()[0] == "who" => How::Key,
            Some(parts) => How::Scan { parts },
            None => How::Index,
        }
    }

    /// Leads are read one by one, and the database in memory gives the one record of
    /// a key without a second part again and again.
    fn can_lead(&self) -> bool {
        self.table != Table::Cards && !matches!(self.how(), How::Scan { .. })
    }

    fn entry(&self, lead: Option<Lead>) -> Entry {
        let table = self.table;
        let mut mask = self.mask.clone();
        mask.insert("who", self.own);
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

impl Map {
    /// `other` is for a second source of the first table, whose records two people
    /// may have then; `users` lists the table that ids follow from.
    fn of(
        drafts: Vec<Draft>,
        lead: Option<(usize, usize, &'static str)>,
        other: Option<(By, Masked)>,
        users: bool,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let drafts: Vec<_> = drafts.into_iter().filter(|draft| seen.insert(draft.table)).collect();
        let lead = lead.and_then(|lead| Lead::of(&drafts, lead));
        let mut entries: Vec<_> = drafts.iter().map(|draft| draft.entry(lead)).collect();
        if let Some((by, how)) = other {
            entries[0].rule.also_masks("other", how);
            let (name, first) = (format!("{}-other", entries[0].name), entries[0].clone());
            let (field, how) = ("other", How::Scan { parts: 1 });
            entries.insert(1, Entry { name, field, by, how, through: None, ..first });
        }
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
    prop::collection::btree_map(select(FIELDS.to_vec()), how, 0..4)
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
    let parts = (drafts, lead, other, any::<bool>());
    parts.prop_map(|(drafts, lead, other, users)| Map::of(drafts, lead, other, users))
}
