use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ExpectedError;
use crate::collection::{COLLECTIONS, Collection, Through};

/// Data type to collection to the ids of its records.
pub type Expected = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What an export of a person must contain, counted from a folder's JSON Lines alone.
///
/// Meetings and webinars the person hosted, everybody's attendance of those and
/// the person's own anywhere, what the person said, the messages they sent and
/// the whiteboards they own. The range is of days (UTC), such as
/// `("2026-02-01", "2026-02-28")`, both included, and is held against the time
/// of each record itself: who joined a meeting after midnight is of the next
/// day. Every collection is there, if need be with nothing in it.
///
/// # Errors
///
/// When a file cannot be read, or holds a line that is not a record of its kind.
pub fn expected(dir: &Path, address: &str, range: Option<(&str, &str)>) -> Result<Expected, ExpectedError> {
    let address = address.trim().to_lowercase();
    let mut found = Expected::new();
    for collection in &COLLECTIONS {
        let hosted = match &collection.through {
            Some(through) => hosted(dir, through, &address)?,
            None => BTreeSet::new(),
        };
        let mut ids = BTreeSet::new();
        for row in Lines::read(dir, collection.name)?.rows() {
            let row = row?;
            let theirs = row.text(collection.person)? == address
                || match &collection.through {
                    Some(through) => hosted.contains(row.text(through.field)?),
                    None => false,
                };
            if theirs && within(row.text(collection.time)?, range) {
                ids.insert(row.id(collection)?);
            }
        }
        let collections = found.entry(collection.data_type.to_owned()).or_default();
        collections.insert(collection.name.to_owned(), ids);
    }
    Ok(found)
}

/// Every session the person hosted, whenever that was.
fn hosted(dir: &Path, through: &Through, address: &str) -> Result<BTreeSet<String>, ExpectedError> {
    let mut ids = BTreeSet::new();
    let Some(sessions) = Collection::named(through.collection) else {
        return Ok(ids);
    };
    for row in Lines::read(dir, sessions.name)?.rows() {
        let row = row?;
        if row.text(sessions.person)? == address {
            ids.insert(row.id(sessions)?);
        }
    }
    Ok(ids)
}

fn within(time: &str, range: Option<(&str, &str)>) -> bool {
    let day = time.get(..10).unwrap_or(time);
    range.is_none_or(|(first, last)| first <= day && day <= last)
}

struct Lines {
    path: PathBuf,
    text: String,
}

struct Row<'a> {
    path: &'a Path,
    line: usize,
    value: Value,
}

impl Lines {
    fn read(dir: &Path, stem: &str) -> Result<Self, ExpectedError> {
        let path = dir.join(format!("{stem}.jsonl"));
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(ExpectedError::Read { path, source }),
        }
    }

    /// Only `\n` ends a line: texts hold U+2028 and the like as they are.
    fn rows(&self) -> impl Iterator<Item = Result<Row<'_>, ExpectedError>> {
        let lines = (1..).zip(self.text.split('\n')).filter(|(_, text)| !text.is_empty());
        lines.map(|(line, text)| match serde_json::from_str(text) {
            Ok(value) => Ok(Row { path: &self.path, line, value }),
            Err(source) => Err(ExpectedError::Json { path: self.path.clone(), line, source }),
        })
    }
}

impl Row<'_> {
    fn text(&self, field: &'static str) -> Result<&str, ExpectedError> {
        self.value.get(field).and_then(Value::as_str).ok_or_else(|| self.lacks(field))
    }

    fn id(&self, collection: &Collection) -> Result<String, ExpectedError> {
        collection.id(&self.value).ok_or_else(|| self.lacks("id"))
    }

    fn lacks(&self, field: &'static str) -> ExpectedError {
        ExpectedError::FieldMissing { path: self.path.to_owned(), line: self.line, field }
    }
}
