//! A function of the operator's that keeps to `docs/lambda-connector.md`, and what
//! it keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use habeas_sources::{Key, TypedKey};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::tables::{Row, Table, text, words};

pub(crate) const FUNCTION: &str = "answers";

/// What is behind the function. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// By the texts of the key, in the order of the map.
    rows: BTreeMap<Vec<String>, Row>,
    manners: Manners,
    page_records: usize,
    calls: usize,
}

/// How the function behaves. Nothing of it may change what a deletion does.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners {
    /// Whether it finds records of other accounts, too.
    is_careless: bool,
    /// Of so many calls one ends with an error.
    fails_of: Option<usize>,
}

impl Answers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    pub(crate) fn behave(&self, manners: Manners, page_records: u32) {
        let mut kept = self.kept();
        (kept.manners, kept.page_records, kept.calls) = (manners, page_records as usize, 0);
    }

    pub(crate) fn put(&self, row: &Row) {
        let (_, key) = Table::Answers.id(row);
        self.kept().rows.insert(place_of(&key), row.clone());
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.kept().rows.remove(&place_of(key));
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        self.kept().rows.values().cloned().collect()
    }

    pub(crate) fn function(&self) -> impl Fn(&Value) -> Value + Send + Sync + use<> {
        let answers = self.clone();
        move |call| answers.kept().answer(call)
    }
}

impl Kept {
    fn answer(&mut self, call: &Value) -> Value {
        self.calls += 1;
        if self.manners.fails_of.is_some_and(|calls| self.calls.is_multiple_of(calls)) {
            return json!({"errorMessage": "not now", "errorType": "Busy"});
        }
        match call["action"].as_str() {
            Some("find") => self.find(call),
            Some("erase") => {
                let keys = call["keys"].as_array().unwrap();
                let outcomes: Vec<_> = keys.iter().map(|key| self.erase(call, &place(key))).collect();
                json!({ "outcomes": outcomes })
            }
            other => panic!("the contract has no action {other:?}"),
        }
    }

    fn find(&self, call: &Value) -> Value {
        let after = call.get("after").map(place);
        let limit = usize::try_from(call["limit"].as_u64().unwrap()).unwrap().min(self.page_records);
        let field = call["field"].as_str().unwrap();
        let rows = self.rows.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        let rows = rows.map(|(_, row)| row).filter(|row| text(row, field) == call["value"].as_str());
        let mut rows = rows.filter(|row| self.manners.is_careless || is_of_account(row, call));
        let records: Vec<Value> = rows.by_ref().take(limit).map(record).collect();
        json!({ "records": records, "more": rows.next().is_some() })
    }

    /// Deletes or masks what is still theirs.
    fn erase(&mut self, call: &Value, place: &[String]) -> &'static str {
        let Some(row) = self.rows.get_mut(place) else { return "left" };
        let ids = call["value"].as_array().unwrap();
        let own = text(row, call["field"].as_str().unwrap());
        if !is_of_account(row, call) || !own.is_some_and(|own| ids.iter().any(|id| id == own)) {
            return "left";
        }
        if call["rule"] == "delete" {
            self.rows.remove(place);
            return "erased";
        }
        for field in call["remove"].as_array().into_iter().flatten() {
            row.remove(field.as_str().unwrap());
        }
        for (field, value) in call["set"].as_object().into_iter().flatten() {
            if let Some(kept) = row.get_mut(field) {
                *kept = value.as_str().map_or_else(|| json!({"NULL": true}), words);
            }
        }
        "erased"
    }
}

fn is_of_account(row: &Row, call: &Value) -> bool {
    text(row, "account") == call["account"].as_str()
}

/// The texts of a key as calls have it.
fn place(key: &Value) -> Vec<String> {
    Table::Answers.key().iter().map(|field| key[*field].as_str().unwrap().to_owned()).collect()
}

/// The texts of a key as inventories have it.
fn place_of(key: &Key) -> Vec<String> {
    let text = |field: &&str| match &key[*field] {
        TypedKey::S(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    Table::Answers.key().iter().map(text).collect()
}

/// A row in the JSON that functions answer with.
fn record(row: &Row) -> Value {
    row.iter().map(|(field, value)| (field.clone(), plain(value))).collect()
}

fn plain(value: &Value) -> Value {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "S" | "BOOL" => value.clone(),
        "N" => serde_json::from_str(value.as_str().unwrap()).unwrap(),
        "NULL" => Value::Null,
        "L" => value.as_array().unwrap().iter().map(plain).collect(),
        "M" => {
            let fields = value.as_object().unwrap().iter();
            fields.map(|(field, value)| (field.clone(), plain(value))).collect()
        }
        other => panic!("JSON has no {other}"),
    }
}

pub(crate) fn some_manners() -> impl Strategy<Value = Manners> {
    let fields = (any::<bool>(), select(vec![None, None, Some(2), Some(5)]));
    fields.prop_map(|(is_careless, fails_of)| Manners { is_careless, fails_of })
}
