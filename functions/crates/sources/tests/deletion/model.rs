//! What a deletion must make of the rows, told from the map and in other words.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_sources::{AttributeValue, Erased, Key, Pseudonyms};
use serde_json::{Value, json};

use crate::maps::{By, CONSTANT, Entry, Map, Mask, Masked, Rule};
use crate::records::{AMBER, PEOPLE};
use crate::tables::{Row, Rows, Table, text, words};

/// One of the people of the request, with the ids that the rows of the users say.
#[derive(Debug)]
pub(crate) struct Person {
    email: &'static str,
    pub(crate) users: BTreeSet<String>,
}

/// Records with this text stay.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) source: String,
    pub(crate) field: &'static str,
    pub(crate) value: String,
}

/// The key of a record, and whether others have a part in it.
pub(crate) type Listed = (Key, bool);

#[derive(Debug)]
pub(crate) struct Model<'a> {
    map: &'a Map,
    pub(crate) people: Vec<Person>,
    holds: &'a [Held],
    pub(crate) rows: Rows,
}

impl Person {
    fn of(who: usize, rows: &Rows) -> Self {
        let email = PEOPLE[who];
        let users = rows.iter().filter(|((table, _), _)| *table == Table::Users).map(|(_, row)| row);
        let users = users.filter(|row| is_ambers(row) && text(row, "email") == Some(email));
        Self { email, users: users.filter_map(|row| text(row, "user")).map(str::to_owned).collect() }
    }

    fn is(&self, by: By, id: &str) -> bool {
        match by {
            By::Address => self.email == id,
            By::UserId => self.users.contains(id),
        }
    }
}

fn is_ambers(row: &Row) -> bool {
    text(row, "account") == Some(AMBER)
}

impl<'a> Model<'a> {
    pub(crate) fn of(map: &'a Map, people: usize, holds: &'a [Held], rows: Rows) -> Self {
        Self { map, people: (0..people).map(|who| Person::of(who, &rows)).collect(), holds, rows }
    }

    /// What an inventory must list of somebody in a source, in the order of the keys.
    pub(crate) fn inventory(&self, entry: &Entry, who: usize) -> Vec<Listed> {
        let rows = self.rows.iter().filter(|((table, _), _)| *table == entry.table);
        let own = rows.filter(|(_, row)| self.is_own(entry, who, row));
        own.map(|((_, key), row)| (key.clone(), self.is_shared(entry, row))).collect()
    }

    fn is_own(&self, entry: &Entry, who: usize, row: &Row) -> bool {
        is_ambers(row) && text(row, entry.field).is_some_and(|id| self.people[who].is(entry.by, id))
    }

    /// Whether somebody who is none of the people is in what a record leads to.
    fn is_shared(&self, entry: &Entry, row: &Row) -> bool {
        let Rule::Shared { with, .. } = &entry.rule else { return false };
        let with = self.map.entries.iter().find(|entry| entry.name == *with).unwrap();
        let (_, lead) = with.through.unwrap();
        let Some(place) = text(row, lead) else { return false };
        self.rows.iter().any(|((table, _), other)| {
            let is_led_to = *table == with.table && text(other, "place") == Some(place);
            is_led_to && is_ambers(other) && !(0..self.people.len()).any(|who| self.is_own(with, who, other))
        })
    }

    /// What must become of what was listed, as the rows are now.
    pub(crate) fn became(&self, entry: &Entry, who: usize, (key, shared): &Listed) -> Erased {
        if entry.rule == Rule::Retain {
            return Erased::Retained;
        }
        let row = self.rows.get(&(entry.table, key.clone()));
        let Some(row) = row.filter(|row| self.is_own(entry, who, row)) else { return Erased::Left };
        // A hold by one source of a table is on its records, whichever source finds them.
        let is_here = |held: &Held| {
            let mut named = self.map.entries.iter().filter(|other| other.name == held.source);
            named.any(|named| named.table == entry.table)
        };
        let is_on = |held: &Held| is_here(held) && text(row, held.field) == Some(held.value.as_str());
        if self.holds.iter().any(is_on) {
            return Erased::Held;
        }
        match &entry.rule {
            Rule::Mask(_) => Erased::Masked,
            Rule::Shared { .. } if *shared => Erased::Masked,
            _ => Erased::Deleted,
        }
    }

    /// Does to the rows what must become of them.
    pub(crate) fn erase(&mut self, entry: &Entry, who: usize, listed: &Listed) -> Erased {
        let became = self.became(entry, who, listed);
        let id = (entry.table, listed.0.clone());
        match became {
            Erased::Deleted => {
                self.rows.remove(&id).unwrap();
            }
            Erased::Masked => mask(entry.rule.mask().unwrap(), self.rows.get_mut(&id).unwrap()),
            Erased::Retained | Erased::Held | Erased::Left => {}
        }
        became
    }
}

pub(crate) fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new([7; Pseudonyms::KEY_BYTES])
}

/// What a mask makes of a row. No field is made up.
fn mask(mask: &Mask, row: &mut Row) {
    for (field, how) in mask {
        let Some(value) = row.remove(*field) else { continue };
        let masked = match how {
            Masked::Removed => continue,
            Masked::Null => json!({"NULL": true}),
            Masked::Constant => words(CONSTANT),
            Masked::Pseudonym => words(&pseudonyms().throughout(&attribute(&value))),
            Masked::Cut(chars) => cut(value, *chars),
        };
        row.insert((*field).to_owned(), masked);
    }
}

fn cut(value: Value, chars: usize) -> Value {
    match value["S"].as_str() {
        Some(text) => words(&text.chars().take(chars).collect::<String>()),
        None => value,
    }
}

/// A value in the type of the SDK.
fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(STANDARD.decode(text()).unwrap().into()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "SS" => AttributeValue::Ss(serde_json::from_value(value.clone()).unwrap()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => {
            let fields = value.as_object().unwrap().iter();
            AttributeValue::M(fields.map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
        other => panic!("no record here has a value of type {other}"),
    }
}
