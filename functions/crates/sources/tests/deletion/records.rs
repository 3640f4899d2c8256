//! Random records, and what the product does with them while a deletion is at work.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::files::{self, Name, some_name};
use crate::maps::{By, Map};
use crate::tables::{Row, Table, words};

/// A request is about the first, or the first ones. Nobody asks for Dora's data.
pub(crate) const PEOPLE: [&str; 4] =
    ["ana@amber.example", "bob@amber.example", "cleo@amber.example", "dora@amber.example"];

/// Whose a record is that has to name somebody.
const DORA: usize = 3;

pub(crate) const ACCOUNTS: [&str; 2] = ["amber", "birch"];

/// The account that the requests are of.
pub(crate) const AMBER: &str = ACCOUNTS[0];

pub(crate) const TEXTS: [&str; 4] = ["whatever", "Zoë", "😀 a smile", "a"];

/// A record of one of the map's tables. Few places make for many that meet.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Counted round.
    table: usize,
    place: usize,
    number: usize,
    who: Option<usize>,
    other: Option<usize>,
    account: &'static str,
    venue: Option<usize>,
    /// Where the map has files.
    file: Option<Name>,
    things: [Option<Thing>; 3],
}

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thing {
    Text(usize),
    Number,
    Yes,
    Null,
    Nested,
    Bytes,
    Set,
}

/// A row that leads from an address to an id.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    who: usize,
    user: usize,
    account: &'static str,
}

/// What befalls a record.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Gone,
    HandedTo(Option<usize>),
    SharedWith(Option<usize>),
    MovedTo(&'static str),
    Attached(Option<Name>),
    Titled(Thing),
}

pub(crate) fn place(number: usize) -> String {
    format!("place-{number}")
}

impl Record {
    pub(crate) fn row(&self, map: &Map) -> (Table, Row) {
        let tables = map.tables();
        let table = tables[self.table % tables.len()];
        let mut row = Row::from([
            ("account".to_owned(), words(self.account)),
            ("place".to_owned(), words(&place(self.place))),
            ("number".to_owned(), number(table, self.number)),
        ]);
        name(map, table, "who", self.who, &mut row);
        name(map, table, "other", self.other, &mut row);
        row.extend(self.venue.map(|venue| ("venue".to_owned(), words(&place(venue)))));
        for (field, thing) in ["title", "note", "phone"].into_iter().zip(self.things) {
            row.extend(thing.map(|thing| (field.to_owned(), thing.value(map, table, field))));
        }
        attach(map, self.file.as_ref(), &mut row);
        (table, row)
    }
}

/// Of what is behind a function all of the key is text.
fn number(table: Table, number: usize) -> Value {
    match table {
        Table::Answers => words(&number.to_string()),
        _ => json!({"N": number.to_string()}),
    }
}

fn attach(map: &Map, file: Option<&Name>, row: &mut Row) {
    match file.filter(|_| map.has_files()) {
        Some(name) => row.insert("file".to_owned(), words(&name.key(map))),
        None => row.remove("file"),
    };
}

/// Makes a field name somebody, or nobody where the key lets it.
fn name(map: &Map, table: Table, field: &str, who: Option<usize>, row: &mut Row) {
    let is_in_key = table.key().contains(&field);
    match who.or(is_in_key.then_some(DORA)) {
        Some(who) => row.insert(field.to_owned(), words(&map.by(table, field).text(who))),
        None => row.remove(field),
    };
}

impl Thing {
    /// What is to be cut and is no text would make the deletion fail, and JSON has
    /// neither bytes nor sets.
    fn value(self, map: &Map, table: Table, field: &str) -> Value {
        match self {
            Self::Text(number) => words(TEXTS[number]),
            Self::Null => json!({"NULL": true}),
            _ if map.cuts(table, field) => words(TEXTS[0]),
            Self::Bytes | Self::Set if table == Table::Answers => words(TEXTS[1]),
            Self::Number => json!({"N": "12.5"}),
            Self::Yes => json!({"BOOL": true}),
            Self::Nested => json!({"M": {"list": {"L": [{"N": "1"}, {"S": "x"}, {"NULL": true}]}}}),
            Self::Bytes => json!({"B": "AP8="}),
            Self::Set => json!({"SS": ["x"]}),
        }
    }
}

impl Link {
    pub(crate) fn row(&self, number: usize) -> Row {
        Row::from([
            ("email".to_owned(), words(&By::Address.text(self.who))),
            ("row".to_owned(), json!({"N": number.to_string()})),
            ("user".to_owned(), words(&By::UserId.text(self.user))),
            ("account".to_owned(), words(self.account)),
        ])
    }
}

impl Change {
    /// What a row becomes, if it stays.
    pub(crate) fn of(&self, map: &Map, table: Table, mut row: Row) -> Option<Row> {
        match self {
            Self::Gone => return None,
            // Of an object there is but one more version to write, or a marker.
            Self::MovedTo(_) if table == Table::Files => return Some(files::written(row, None)),
            _ if table == Table::Files => return Some(files::written(row, Some("changed"))),
            Self::HandedTo(who) => name(map, table, "who", *who, &mut row),
            Self::SharedWith(other) => name(map, table, "other", *other, &mut row),
            Self::MovedTo(account) => {
                row.insert("account".to_owned(), words(account));
            }
            Self::Attached(file) => attach(map, file.as_ref(), &mut row),
            Self::Titled(thing) => {
                row.insert("title".to_owned(), thing.value(map, table, "title"));
            }
        }
        Some(row)
    }
}

/// Most are of those whom a request may be about.
pub(crate) fn some_who() -> impl Strategy<Value = usize> {
    select(vec![0, 0, 0, 1, 1, 2, DORA])
}

pub(crate) fn some_account() -> impl Strategy<Value = &'static str> {
    select(vec![ACCOUNTS[0], ACCOUNTS[0], ACCOUNTS[0], ACCOUNTS[1]])
}

fn some_thing() -> impl Strategy<Value = Thing> {
    let others = [Thing::Number, Thing::Yes, Thing::Null, Thing::Nested, Thing::Bytes, Thing::Set];
    prop_oneof![(0..TEXTS.len()).prop_map(Thing::Text), select(others.to_vec())]
}

pub(crate) fn some_record() -> impl Strategy<Value = Record> {
    let key = (0..4_usize, 0..4_usize, 0..3_usize);
    let people = (prop::option::weighted(0.9, some_who()), prop::option::of(some_who()), some_account());
    let venue = prop::option::of(0..4_usize);
    let file = prop::option::of(some_name());
    let things = prop::array::uniform3(prop::option::of(some_thing()));
    (key, people, venue, file, things).prop_map(|(key, people, venue, file, things)| {
        let ((table, place, number), (who, other, account)) = (key, people);
        Record { table, place, number, who, other, account, venue, file, things }
    })
}

pub(crate) fn some_link() -> impl Strategy<Value = Link> {
    let fields = (some_who(), some_who(), some_account());
    fields.prop_map(|(who, user, account)| Link { who, user, account })
}

pub(crate) fn some_change() -> impl Strategy<Value = Change> {
    let whose = || prop::option::weighted(0.8, some_who());
    prop_oneof![
        Just(Change::Gone),
        whose().prop_map(Change::HandedTo),
        whose().prop_map(Change::SharedWith),
        select(ACCOUNTS.to_vec()).prop_map(Change::MovedTo),
        prop::option::of(some_name()).prop_map(Change::Attached),
        some_thing().prop_map(Change::Titled),
    ]
}
