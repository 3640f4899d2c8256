use std::collections::BTreeMap;

use serde_json::Value;

/// A line of a file. Its fields are written in the order of their names.
pub(crate) type Row = BTreeMap<&'static str, Value>;

/// The rows of each JSON Lines file, by its stem.
#[derive(Debug)]
pub(crate) struct Tables(BTreeMap<&'static str, Vec<Row>>);

impl Tables {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn add<const N: usize>(&mut self, stem: &'static str, row: [(&'static str, Value); N]) {
        self.0.entry(stem).or_default().push(Row::from(row));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &[Row])> {
        self.0.iter().map(|(stem, rows)| (*stem, rows.as_slice()))
    }
}
