use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use crate::ExpectedError;
use crate::collection::{Collection, Kept, Owner, Time};

/// A record of a folder, and where it stands.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    path: &'a Path,
    /// Its line, or in a document its number in the list.
    line: usize,
    value: Value,
}

/// Hands on all records of a collection, one after the other.
pub(crate) fn each(
    dir: &Path,
    collection: &Collection,
    mut take: impl FnMut(&Record) -> Result<(), ExpectedError>,
) -> Result<(), ExpectedError> {
    let file = dir.join(format!("{}.jsonl", collection.name));
    match collection.kept {
        Kept::Lines => lines(&file, &read(&file)?, &mut take),
        Kept::LinesIfAny if !file.exists() => Ok(()),
        Kept::LinesIfAny => lines(&file, &read(&file)?, &mut take),
        Kept::Documents(folder) => {
            let documents = files(dir, folder)?.into_iter().filter(|name| name.ends_with(".json"));
            documents.map(|name| dir.join(name)).try_for_each(|path| document(&path, &mut take))
        }
        Kept::Files(folder) => files(dir, folder)?.iter().try_for_each(|key| file_of(dir, key, &mut take)),
    }
}

impl Record<'_> {
    pub(crate) fn text(&self, field: &'static str) -> Result<&str, ExpectedError> {
        self.value.get(field).and_then(Value::as_str).ok_or_else(|| self.lacks(field))
    }

    pub(crate) fn id(&self, collection: &Collection) -> Result<String, ExpectedError> {
        collection.id(&self.value).ok_or_else(|| self.lacks("id"))
    }

    /// Whether it is this person's own.
    pub(crate) fn is_of(
        &self,
        owner: &Owner,
        address: &str,
        user: Option<&str>,
    ) -> Result<bool, ExpectedError> {
        match *owner {
            Owner::Address(field) => Ok(self.text(field)? == address),
            Owner::User(field) => Ok(Some(self.text(field)?) == user),
        }
    }

    /// Whether it is of a range of days, both included.
    pub(crate) fn is_within(&self, time: &Time, range: Option<(&str, &str)>) -> Result<bool, ExpectedError> {
        match *time {
            Time::Field(field) => {
                let time = self.text(field)?;
                let day = time.get(..10).unwrap_or(time);
                Ok(range.is_none_or(|(first, last)| first <= day && day <= last))
            }
            Time::Always => Ok(true),
            Time::Loading => Ok(range.is_none()),
        }
    }

    fn lacks(&self, field: &'static str) -> ExpectedError {
        ExpectedError::FieldMissing { path: self.path.to_owned(), line: self.line, field }
    }
}

/// Only `\n` ends a line: texts hold U+2028 and the like as they are.
fn lines(
    path: &Path,
    text: &str,
    take: &mut impl FnMut(&Record) -> Result<(), ExpectedError>,
) -> Result<(), ExpectedError> {
    let lines = (1..).zip(text.split('\n')).filter(|(_, text)| !text.is_empty());
    for (line, text) in lines {
        match serde_json::from_str(text) {
            Ok(value) => take(&Record { path, line, value })?,
            Err(source) => return Err(ExpectedError::Json { path: path.to_owned(), line, source }),
        }
    }
    Ok(())
}

fn document(
    path: &Path,
    take: &mut impl FnMut(&Record) -> Result<(), ExpectedError>,
) -> Result<(), ExpectedError> {
    let values: Vec<Value> = serde_json::from_str(&read(path)?).map_err(|source| ExpectedError::Json {
        path: path.to_owned(),
        line: source.line(),
        source,
    })?;
    (1..).zip(values).try_for_each(|(line, value)| take(&Record { path, line, value }))
}

fn file_of(
    dir: &Path,
    key: &str,
    take: &mut impl FnMut(&Record) -> Result<(), ExpectedError>,
) -> Result<(), ExpectedError> {
    let mut parts = key.split('/').skip(1);
    let value = json!({"key": key, "account_id": parts.next(), "user_id": parts.next()});
    take(&Record { path: &dir.join(key), line: 1, value })
}

fn read(path: &Path) -> Result<String, ExpectedError> {
    fs::read_to_string(path).map_err(|source| unread(path, source))
}

/// The files below a folder of `dir`, by their paths in `dir` and in their order.
/// A folder that is not there has none.
fn files(dir: &Path, folder: &str) -> Result<Vec<String>, ExpectedError> {
    let mut found = Vec::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(inner) = ahead.pop() {
        let path = dir.join(&inner);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(|source| unread(&path, source))?,
        };
        for entry in entries {
            let entry = entry.map_err(|source| unread(&path, source))?;
            let name = format!("{inner}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(|source| unread(&path, source))?;
            if kind.is_dir() { ahead.push(name) } else { found.push(name) }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn unread(path: &Path, source: std::io::Error) -> ExpectedError {
    ExpectedError::Read { path: path.to_owned(), source }
}
