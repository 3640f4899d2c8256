//! Objects of a bucket that keeps old versions. As a row, one has its key and its
//! versions, the newest last.

use std::collections::BTreeMap;

use habeas_local_aws::{LocalAws, Object};
use habeas_sources::{Key, TypedKey};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::maps::Map;
use crate::records::{some_account, some_who};
use crate::tables::{Id, Row, Table, text, words};

pub(crate) const BUCKET: &str = "files";

/// Keys that are below nobody's prefix. Of some, one begins as another one does.
const FREE: [&str; 4] = ["a/bob", "a/bobby", "a/bob/1", "b & ü"];

/// What stands behind somebody's id. By the last two an object is beside the prefix.
const TAILS: [&str; 6] = ["/1", "/1", "/2", "/n/1", "", "0/1"];

/// What an object is called.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    Free(usize),
    Near { who: usize, account: &'static str, tail: &'static str },
}

#[derive(Debug, Clone)]
pub(crate) struct File {
    name: Name,
    /// None is a marker of a deletion.
    versions: Vec<Option<&'static str>>,
}

/// With what the keys of somebody's objects begin.
pub(crate) fn prefix(account: &str, id: &str) -> String {
    format!("drive/{account}/{id}/")
}

impl Name {
    pub(crate) fn key(&self, map: &Map) -> String {
        match self {
            Self::Free(number) => FREE[*number].to_owned(),
            Self::Near { who, account, tail } => {
                format!("drive/{account}/{}{tail}", map.prefix_by().text(*who))
            }
        }
    }
}

impl File {
    pub(crate) fn row(&self, map: &Map) -> (Table, Row) {
        let none = row(&self.name.key(map), Vec::new());
        let row = self.versions.iter().fold(none, |row, content| written(row, *content));
        (Table::Files, row)
    }
}

pub(crate) fn key_of(key: &str) -> Key {
    Key::from([("key".to_owned(), TypedKey::S(key.to_owned()))])
}

/// The key of an object in the key of its row.
pub(crate) fn key_in(key: &Key) -> &str {
    match &key["key"] {
        TypedKey::S(key) => key,
        other => panic!("{other:?} is no object's key"),
    }
}

fn row(key: &str, versions: Vec<Value>) -> Row {
    Row::from([("key".to_owned(), words(key)), ("versions".to_owned(), json!({"L": versions}))])
}

fn version(content: Option<&str>) -> Value {
    content.map_or_else(|| json!({"NULL": true}), words)
}

pub(crate) fn versions(row: &Row) -> &[Value] {
    row["versions"]["L"].as_array().unwrap()
}

/// An object with one more version.
pub(crate) fn written(mut row: Row, content: Option<&str>) -> Row {
    row.get_mut("versions").unwrap()["L"].as_array_mut().unwrap().push(version(content));
    row
}

/// What an object becomes that is uploaded, and may be there.
pub(crate) fn uploaded(name: &Name, map: &Map, there: impl Fn(&Id) -> Option<Row>) -> Row {
    let key = name.key(map);
    let there = there(&(Table::Files, key_of(&key)));
    written(there.unwrap_or_else(|| row(&key, Vec::new())), Some("another"))
}

/// Writes the versions that an object lacks.
pub(crate) fn put(aws: &LocalAws, row: &Row) {
    let key = text(row, "key").unwrap();
    let there = aws.objects(BUCKET).iter().filter(|object| object.key == key).count();
    for version in &versions(row)[there..] {
        match version["S"].as_str() {
            Some(content) => aws.put(BUCKET, key, content.as_bytes()),
            None => aws.mark_deleted(BUCKET, key),
        }
    }
}

pub(crate) fn rows(aws: &LocalAws) -> Vec<Row> {
    let mut by_key: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Object { key, content } in aws.objects(BUCKET) {
        let content = content.map(|content| String::from_utf8(content).unwrap());
        by_key.entry(key).or_default().push(version(content.as_deref()));
    }
    by_key.into_iter().map(|(key, versions)| row(&key, versions)).collect()
}

/// Most are such as records lead to.
pub(crate) fn some_name() -> impl Strategy<Value = Name> {
    let near = (some_who(), some_account(), select(TAILS.to_vec()));
    let near = near.prop_map(|(who, account, tail)| Name::Near { who, account, tail });
    prop_oneof![3 => (0..FREE.len()).prop_map(Name::Free), 2 => near]
}

pub(crate) fn some_file() -> impl Strategy<Value = File> {
    let version = prop::option::weighted(0.8, select(vec!["one", "two"]));
    let fields = (some_name(), prop::collection::vec(version, 1..4));
    fields.prop_map(|(name, versions)| File { name, versions })
}
