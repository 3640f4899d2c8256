//! What a deletion must make of the rows, told from the map and in other words.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_sources::{AttributeValue, Erased, Key, Pseudonyms};
use serde_json::{Value, json};

use crate::files::{key_in, key_of, prefix};
use crate::maps::{By, CONSTANT, Entry, How, Map, Mask, Masked, Rule};
use crate::records::{AMBER, PEOPLE};
use crate::tables::{Id, Row, Rows, Table, text, words};

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

/// What an inventory says of a record, or of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) key: Key,
    /// Whether others have a part in it.
    pub(crate) shared: bool,
    /// What its fields said that lead to objects.
    pub(crate) files: BTreeMap<String, Option<String>>,
    /// The record that led to an object.
    pub(crate) lead: Option<Key>,
}

impl Listed {
    pub(crate) fn file(key: &str, lead: Option<Key>) -> Self {
        Self { key: key_of(key), shared: false, files: BTreeMap::new(), lead }
    }

    pub(crate) fn id(&self, entry: &Entry) -> Id {
        (entry.table, self.key.clone())
    }
}

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

    fn ids(&self, by: By) -> Vec<&str> {
        match by {
            By::Address => vec![self.email],
            By::UserId => self.users.iter().map(String::as_str).collect(),
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

    /// What an inventory must list of somebody in a source, in order.
    pub(crate) fn inventory(&self, entry: &Entry, who: usize) -> Vec<Listed> {
        let mut listed: Vec<_> = match (entry.how, entry.through) {
            (How::Prefix, _) => {
                let keys = self.rows_of(Table::Files).map(|(key, _)| key_in(key));
                let own = keys.filter(|key| self.is_below(entry, who, key));
                own.map(|key| Listed::file(key, None)).collect()
            }
            // Of what a record leads to nobody looks whether it is there.
            (How::Lead, Some((parent, field))) => {
                let leads = self.own(self.map.entry(parent), who);
                leads
                    .filter_map(|(key, row)| Some(Listed::file(text(row, field)?, Some(key.clone()))))
                    .collect()
            }
            _ => self.own(entry, who).map(|(key, row)| self.listed(entry, key, row)).collect(),
        };
        listed.sort();
        listed
    }

    fn rows_of(&self, table: Table) -> impl Iterator<Item = (&Key, &Row)> {
        let rows = self.rows.iter().filter(move |((of, _), _)| *of == table);
        rows.map(|((_, key), row)| (key, row))
    }

    fn own(&self, entry: &Entry, who: usize) -> impl Iterator<Item = (&Key, &Row)> {
        self.rows_of(entry.table).filter(move |(_, row)| self.is_own(entry, who, row))
    }

    fn listed(&self, entry: &Entry, key: &Key, row: &Row) -> Listed {
        let leads = self.map.leads_to_files(entry.table).into_iter();
        let files = leads.map(|field| (field.to_owned(), text(row, field).map(str::to_owned)));
        Listed { key: key.clone(), shared: self.is_shared(entry, row), files: files.collect(), lead: None }
    }

    fn is_own(&self, entry: &Entry, who: usize, row: &Row) -> bool {
        is_ambers(row)
            && text(row, entry.field).is_some_and(|id| self.people[who].ids(entry.by).contains(&id))
    }

    /// Whether an object lies where the person's do.
    fn is_below(&self, entry: &Entry, who: usize, key: &str) -> bool {
        let mut ids = self.people[who].ids(entry.by).into_iter();
        ids.any(|id| key.starts_with(&prefix(AMBER, id)))
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
    pub(crate) fn became(&self, entry: &Entry, who: usize, listed: &Listed) -> Erased {
        match (&entry.rule, entry.table) {
            (Rule::Retain, _) => Erased::Retained,
            (_, Table::Files) => self.file_became(entry, who, listed),
            _ => self.record_became(entry, who, listed),
        }
    }

    fn record_became(&self, entry: &Entry, who: usize, listed: &Listed) -> Erased {
        let row = self.rows.get(&listed.id(entry)).filter(|row| self.is_own(entry, who, row));
        let Some(row) = row else { return Erased::Left };
        if self.is_held(entry, row) {
            return Erased::Held;
        }
        // Another file than the one that was listed would be nobody's without its record.
        let leads_there = |(field, file): (&String, &Option<String>)| match file {
            Some(file) => text(row, field) == Some(file.as_str()),
            None => !row.contains_key(field),
        };
        match &entry.rule {
            _ if !listed.files.iter().all(leads_there) => Erased::Left,
            Rule::Mask(_) => Erased::Masked,
            Rule::Shared { .. } if listed.shared => Erased::Masked,
            _ => Erased::Deleted,
        }
    }

    /// An object goes by the record that led to it, whoever else's leads there too.
    fn file_became(&self, entry: &Entry, who: usize, listed: &Listed) -> Erased {
        let is_theirs = match self.lead(entry, listed) {
            None => self.is_below(entry, who, key_in(&listed.key)),
            Some((parent, id)) => {
                let lead = self.rows.get(&id).filter(|lead| self.is_own(parent, who, lead));
                if lead.is_some_and(|lead| self.is_held(parent, lead)) {
                    return Erased::Held;
                }
                lead.is_some()
            }
        };
        if is_theirs && self.rows.contains_key(&listed.id(entry)) { Erased::Deleted } else { Erased::Left }
    }

    /// The record that led to an object, and the source of that one.
    pub(crate) fn lead(&self, entry: &Entry, listed: &Listed) -> Option<(&Entry, Id)> {
        let (parent, key) = (self.map.entry(entry.through?.0), listed.lead.clone()?);
        Some((parent, (parent.table, key)))
    }

    /// A hold by one source of a table is on its records, whichever source finds them.
    fn is_held(&self, entry: &Entry, row: &Row) -> bool {
        let is_here = |held: &&Held| self.map.entry(&held.source).table == entry.table;
        let mut held = self.holds.iter().filter(is_here);
        held.any(|held| text(row, held.field) == Some(held.value.as_str()))
    }

    /// Whether the second reading must find an object that a record has led to.
    pub(crate) fn is_left(&self, entry: &Entry, who: usize, listed: &Listed) -> bool {
        let Some((parent, id)) = self.lead(entry, listed) else { return false };
        let is_there = entry.rule != Rule::Retain && self.rows.contains_key(&listed.id(entry));
        is_there && self.rows.get(&id).is_none_or(|lead| self.is_own(parent, who, lead))
    }

    /// Does to the rows what must become of them.
    pub(crate) fn erase(&mut self, entry: &Entry, who: usize, listed: &Listed) -> Erased {
        let became = self.became(entry, who, listed);
        let id = listed.id(entry);
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
