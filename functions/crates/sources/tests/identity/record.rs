//! Records of people with many ids, and what of them is Ana's.

use std::collections::{BTreeMap, BTreeSet};

use habeas_sources::{EMAIL, Found, Key, LinkedId, Subject, TypedKey};
use habeas_testkit::{account, address};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Of each kind of id, so many are Ana's: the first ones.
pub(crate) const ANAS: usize = 3;

/// How many ids of each kind there are in records.
pub(crate) const WHOSE: usize = 5;

pub(crate) const ACCOUNTS: [&str; 2] = ["amber", "birch"];
pub(crate) const AMBER: usize = 0;
pub(crate) const BIRCH: usize = 1;

/// An id by its name and number. Ids of different names may be the same text.
pub(crate) fn value(id: &str, number: usize) -> String {
    if id == EMAIL { format!("person-{number}@amber.example") } else { format!("id-{number}") }
}

/// Ana in the account amber, of whom nothing but an address is known.
pub(crate) fn ana_by_address() -> Subject {
    Subject::new(address(&value(EMAIL, 0)), account(ACCOUNTS[AMBER]).id, None)
}

/// Ana with all that stands for her. What is her id by one name is somebody
/// else's by another.
pub(crate) fn ana() -> Subject {
    let users = (0..ANAS).map(|number| linked("user_id", number));
    let aliases = (1..ANAS).map(|number| linked(EMAIL, number));
    let participant = linked("participant_id", ANAS);
    Subject { ids: users.chain(aliases).chain([participant]).collect(), ..ana_by_address() }
}

pub(crate) fn linked(id: &str, number: usize) -> LinkedId {
    LinkedId {
        id: id.to_owned(),
        value: value(id, number),
        from: EMAIL.to_owned(),
        from_value: value(EMAIL, 0),
        table: "users".to_owned(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A user's, by an index.
    Note,
    /// An address's, by the key.
    Message,
    /// A user's, by an index. It leads to guests and logs.
    Room,
    /// An address's, by an index.
    Guest,
    /// A user's, by reading the whole table.
    Log,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Note, Self::Message, Self::Room, Self::Guest, Self::Log];

    /// The name of the source, and of its table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "notes",
            Self::Message => "messages",
            Self::Room => "rooms",
            Self::Guest => "guests",
            Self::Log => "logs",
        }
    }

    /// The fields of its key.
    pub(crate) fn key(self) -> &'static [&'static str] {
        match self {
            Self::Note => &["note_id"],
            Self::Message => &["email", "number"],
            Self::Room => &["room_id"],
            Self::Guest => &["room_id", "email"],
            Self::Log => &["room_id", "number"],
        }
    }

    pub(crate) fn person_field(self) -> &'static str {
        match self {
            Self::Note | Self::Log => "user_id",
            Self::Message | Self::Guest => "email",
            Self::Room => "host_id",
        }
    }

    /// Which id that field holds.
    fn id(self) -> &'static str {
        match self {
            Self::Message | Self::Guest => EMAIL,
            Self::Note | Self::Room | Self::Log => "user_id",
        }
    }

    fn is_led_to(self) -> bool {
        matches!(self, Self::Guest | Self::Log)
    }
}

/// A record of any kind. Few ids make for many that meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// The note, or the room.
    pub(crate) place: usize,
    /// Of a message among its sender's, or of a log in its room.
    pub(crate) number: usize,
    /// Which id it has.
    pub(crate) who: usize,
    /// One of `ACCOUNTS`.
    pub(crate) account: usize,
}

pub(crate) type Records = BTreeMap<(Kind, Key), Record>;

/// Of several records with the same key the last one counts.
pub(crate) fn by_key(records: impl IntoIterator<Item = Record>) -> Records {
    records.into_iter().map(|record| (record.id(), record)).collect()
}

/// A record of Ana's, in the account amber.
pub(crate) fn anas(kind: Kind) -> Record {
    Record { kind, place: 0, number: 0, who: 0, account: AMBER }
}

impl Record {
    pub(crate) fn is_anas(&self) -> bool {
        self.who < ANAS && self.account == AMBER
    }

    pub(crate) fn id(&self) -> (Kind, Key) {
        (self.kind, self.key())
    }

    pub(crate) fn key(&self) -> Key {
        let part = |field: &str| match field {
            "email" => TypedKey::S(value(EMAIL, self.who)),
            "number" => TypedKey::N(self.number.to_string()),
            _ => TypedKey::S(format!("place-{}", self.place)),
        };
        self.kind.key().iter().copied().map(|field| (field.to_owned(), part(field))).collect()
    }

    /// The record as it is stored, in DynamoDB's typed JSON.
    pub(crate) fn row(&self) -> Value {
        let mut row = json!(self.key());
        row["account_id"] = json!({"S": ACCOUNTS[self.account]});
        row["text"] = json!({"S": "whatever"});
        row[self.kind.person_field()] = json!({"S": value(self.kind.id(), self.who)});
        row
    }
}

/// What a walk finds, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) key: Key,
    pub(crate) own: bool,
}

pub(crate) fn seen(found: Found) -> Seen {
    match found {
        Found::Record { key, own, .. } => Seen { key, own },
        Found::File { .. } => panic!("there are no files here"),
    }
}

/// What a walk must find of Ana's, sorted.
pub(crate) fn expected<'r>(records: impl Iterator<Item = &'r Record> + Clone, kind: Kind) -> Vec<Seen> {
    let rooms = records.clone().filter(|record| record.kind == Kind::Room && record.is_anas());
    let rooms: BTreeSet<_> = rooms.map(|room| room.place).collect();
    let found = records.filter(|record| record.kind == kind && record.account == AMBER);
    let found = found.filter_map(|record| {
        let own = record.who < ANAS;
        let is_led_to = kind.is_led_to() && rooms.contains(&record.place);
        (own || is_led_to).then(|| Seen { key: record.key(), own })
    });
    BTreeSet::from_iter(found).into_iter().collect()
}

pub(crate) fn some_record() -> impl Strategy<Value = Record> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let account = prop::sample::select(vec![AMBER, AMBER, BIRCH]);
    let fields = (kind, 0..4_usize, 0..3_usize, 0..WHOSE, account);
    fields.prop_map(|(kind, place, number, who, account)| Record { kind, place, number, who, account })
}

pub(crate) fn some_records() -> impl Strategy<Value = Records> {
    prop::collection::vec(some_record(), 0..40).prop_map(by_key)
}
