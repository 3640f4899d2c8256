//! What erasing must make of records, by the map of the tables.

use std::collections::{BTreeMap, HashMap};

use habeas_local_table::Item;
use habeas_sources::{AttributeValue, Erased, Key, Pseudonyms};
use serde_json::{Value, json};

use crate::world::record::{AMBER, ANA, Kind, PEOPLE, Record, Records};

/// All rows of all tables.
pub(crate) type Rows = BTreeMap<(Kind, Key), Item>;

/// Something of Ana's, and whether somebody has a part in it who is none of the
/// people of the request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub(crate) record: Record,
    pub(crate) shared: bool,
}

/// What is Ana's own, as walks must list it.
pub(crate) fn owned(records: &Records, people: &[usize]) -> Vec<Listed> {
    let own = records.values().filter(|record| record.is_anas());
    let listed = own.map(|record| Listed {
        record: record.clone(),
        shared: record.kind == Kind::Meeting
            && records.values().any(|other| {
                let attends = other.kind == Kind::Participant && other.place == record.place;
                attends && other.account == AMBER && !people.contains(&other.who)
            }),
    });
    listed.collect()
}

/// A record as a stored inventory lists it.
pub(crate) fn stored(listed: &Listed) -> Value {
    let record = &listed.record;
    let mut target = json!({"record": {"key": record.key()}});
    if record.kind == Kind::Message {
        target["record"]["files"] = json!({"file": record.file_name()});
    }
    if listed.shared {
        target["record"]["shared"] = json!(true);
    }
    target
}

pub(crate) fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new([7; Pseudonyms::KEY_BYTES])
}

/// What must become of a record that was listed, as the tables are now.
pub(crate) fn outcome(then: &Listed, now: &Records) -> Erased {
    let Listed { record: then, shared } = then;
    let now = now.get(&(then.kind, then.key()));
    let is_theirs = now.is_some_and(|now| now.is_anas() && now.file_name() == then.file_name());
    match then.kind {
        Kind::Poll => Erased::Retained,
        _ if !is_theirs => Erased::Left,
        Kind::Meeting if *shared => Erased::Masked,
        Kind::Board => Erased::Masked,
        Kind::Meeting | Kind::Participant | Kind::Message => Erased::Deleted,
    }
}

/// What must become of it when it is erased once more.
pub(crate) fn again(listed: &Listed) -> Erased {
    if listed.record.kind == Kind::Poll { Erased::Retained } else { Erased::Left }
}

/// What a mask makes of a row.
fn mask(kind: Kind, row: &mut Item) {
    let text = |text: &str| json!({"S": text});
    let pseudonym = |value: AttributeValue| text(&pseudonyms().throughout(&value));
    // No field is made up.
    let mut replace = |field: &str, value: Value| {
        if let Some(found) = row.get_mut(field) {
            *found = value;
        }
    };
    let gone = match kind {
        Kind::Meeting => {
            replace("host_email", text("nobody"));
            replace("note", json!({"NULL": true}));
            "host_name"
        }
        Kind::Board => {
            replace("owner_email", pseudonym(AttributeValue::S(PEOPLE[ANA].to_owned())));
            replace("more", pseudonym(more()));
            replace("host_name", text("who"));
            replace("note", text("gone"));
            "title"
        }
        other => panic!("{other:?} is not masked"),
    };
    row.remove(gone).unwrap();
}

/// What every record has in this field.
fn more() -> AttributeValue {
    let list =
        vec![AttributeValue::N("1.5".to_owned()), AttributeValue::Bool(true), AttributeValue::Null(true)];
    AttributeValue::M(HashMap::from([
        ("list".to_owned(), AttributeValue::L(list)),
        ("raw".to_owned(), AttributeValue::B(vec![0, 255].into())),
    ]))
}

/// Does to the rows what an outcome says.
pub(crate) fn apply(outcome: Erased, record: &Record, rows: &mut Rows) {
    let id = (record.kind, record.key());
    match outcome {
        Erased::Deleted => {
            rows.remove(&id).unwrap();
        }
        Erased::Masked => mask(record.kind, rows.get_mut(&id).unwrap()),
        Erased::Retained | Erased::Held | Erased::Left => {}
    }
}
