use std::collections::BTreeMap;

use habeas_sources::{Key, TypedKey};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) const PEOPLE: [&str; 4] =
    ["ana@amber.example", "bob@amber.example", "cleo@amber.example", "dora@amber.example"];

/// Whose walks these are.
pub(crate) const ANA: usize = 0;

/// Dora's address stands only where a key needs one: her records say of nobody
/// that they are theirs.
const NOBODY: usize = 3;

pub(crate) const ACCOUNTS: [&str; 2] = ["amber", "birch"];
pub(crate) const AMBER: usize = 0;
pub(crate) const BIRCH: usize = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Meeting,
    Participant,
    /// Has no time of its own.
    Poll,
    /// May have a file.
    Message,
    Board,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Meeting, Self::Participant, Self::Poll, Self::Message, Self::Board];

    /// The name of the source, and of its table.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Meeting => "meetings",
            Self::Participant => "participants",
            Self::Poll => "polls",
            Self::Message => "messages",
            Self::Board => "boards",
        }
    }

    fn person_field(self) -> &'static str {
        match self {
            Self::Meeting => "host_email",
            Self::Participant => "email",
            Self::Poll => "author_email",
            Self::Message => "sender_email",
            Self::Board => "owner_email",
        }
    }

    fn time_field(self) -> Option<&'static str> {
        match self {
            Self::Meeting => Some("started_at"),
            Self::Participant => Some("joined_at"),
            Self::Poll => None,
            Self::Message => Some("sent_at"),
            Self::Board => Some("created_at"),
        }
    }
}

/// A record of any kind. Few ids make for many that meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// The meeting, or the board.
    pub(crate) place: u8,
    /// Of a poll in its meeting, or of a message among its sender's.
    pub(crate) number: u8,
    /// One of `PEOPLE`.
    pub(crate) who: usize,
    /// One of `ACCOUNTS`.
    pub(crate) account: usize,
    /// Of January 2026.
    pub(crate) day: u32,
    pub(crate) file: Option<u8>,
}

pub(crate) type Records = BTreeMap<(Kind, Key), Record>;

/// Of several records with the same key the last one counts.
pub(crate) fn by_key(records: Vec<Record>) -> Records {
    records.into_iter().map(|record| ((record.kind, record.key()), record)).collect()
}

/// A record of Ana's, in the account amber.
pub(crate) fn anas(kind: Kind) -> Record {
    Record { kind, place: 0, number: 0, who: ANA, account: AMBER, day: 5, file: Some(1) }
}

impl Record {
    pub(crate) fn is_anas(&self) -> bool {
        self.who == ANA && self.account == AMBER
    }

    pub(crate) fn file_name(&self) -> Option<String> {
        self.file.filter(|_| self.kind == Kind::Message).map(|file| format!("file-{file}"))
    }

    pub(crate) fn key(&self) -> Key {
        let meeting = TypedKey::S(format!("meeting-{}", self.place));
        let person = TypedKey::S(PEOPLE[self.who].to_owned());
        let number = TypedKey::N(self.number.to_string());
        let fields = match self.kind {
            Kind::Meeting => vec![("meeting_id", meeting)],
            Kind::Participant => vec![("meeting_id", meeting), ("email", person)],
            Kind::Poll => vec![("meeting_id", meeting), ("number", number)],
            Kind::Message => vec![("sender_email", person), ("number", number)],
            Kind::Board => vec![("board_id", TypedKey::N(self.place.to_string()))],
        };
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The record as it is stored, in DynamoDB's typed JSON.
    pub(crate) fn row(&self) -> Value {
        let text = |text: &str| json!({"S": text});
        let mut row = json!(self.key());
        row["account_id"] = text(ACCOUNTS[self.account]);
        row["title"] = text(&format!("title {} {}", self.place, self.number));
        row["host_name"] = text("whoever");
        row["more"] = json!({"M": {
            "list": {"L": [{"N": "1.5"}, {"BOOL": true}, {"NULL": true}]},
            "raw": {"B": "AP8="},
        }});
        if self.number.is_multiple_of(2) {
            row["note"] = text("whatever");
        }
        if let Some(person) = self.person() {
            row[self.kind.person_field()] = text(person);
        }
        if let Some(field) = self.kind.time_field() {
            row[field] = text(&self.time());
        }
        if let Some(file) = self.file_name() {
            row["file"] = text(&file);
        }
        row
    }

    fn person(&self) -> Option<&'static str> {
        let is_in_key = matches!(self.kind, Kind::Participant | Kind::Message);
        (is_in_key || self.who != NOBODY).then(|| PEOPLE[self.who])
    }

    /// On the record's day in UTC; half of them where the next day has begun.
    fn time(&self) -> String {
        if self.number % 2 == 1 {
            format!("2026-01-{:02}T01:30:00+02:00", self.day + 1)
        } else {
            format!("2026-01-{:02}T10:00:00Z", self.day)
        }
    }
}

pub(crate) fn some_record() -> impl Strategy<Value = Record> {
    let kinds = [Kind::Meeting, Kind::Participant, Kind::Poll].into_iter().chain(Kind::ALL);
    let kind = prop::sample::select(kinds.collect::<Vec<_>>());
    let who = prop::sample::select(vec![ANA, ANA, 1, 2, NOBODY]);
    let account = prop::sample::select(vec![AMBER, AMBER, BIRCH]);
    let file = prop::option::of(0..3_u8);
    let fields = (kind, 0..5_u8, 0..4_u8, who, account, 1..10_u32, file);
    fields.prop_map(|(kind, place, number, who, account, day, file)| Record {
        kind,
        place,
        number,
        who,
        account,
        day,
        file,
    })
}

pub(crate) fn some_records() -> impl Strategy<Value = Records> {
    prop::collection::vec(some_record(), 0..40).prop_map(by_key)
}
