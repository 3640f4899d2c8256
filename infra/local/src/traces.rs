mod executions;
mod inbox;
mod needles;
mod objects;
mod rows;
mod users;

use std::fmt;

use serde::Serialize;

use crate::logs::LogReader;
use crate::{Result, Stack};

use needles::Needles;

/// A place in a stack that something was looked for in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// A table's row; the key is a JSON array.
    Row {
        table: String,
        key: String,
    },
    /// A version of an object, or a delete marker.
    Object {
        bucket: String,
        key: String,
        version: String,
    },
    /// A multipart upload that was neither completed nor aborted.
    Upload {
        bucket: String,
        key: String,
    },
    Mail {
        to: String,
        subject: String,
    },
    /// A message that waits in a queue.
    Message {
        queue: String,
        id: String,
    },
    /// An execution of a state machine; a child of one is `<parent>/<child>`.
    Execution {
        name: String,
    },
    /// What a function printed.
    Log {
        function: String,
    },
    /// Somebody who can sign in.
    User {
        name: String,
    },
}

/// That a text which was looked for is somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Trace {
    pub place: Place,
    /// Where in the place: a row's attribute, `content` of an object or
    /// `content of <entry>` in a ZIP, an event of an execution, a line of a log.
    pub part: String,
    /// The text, as it was asked for.
    pub text: String,
}

impl Place {
    /// What the place is one of many in: a table, a bucket, the log of a function.
    pub fn within(&self) -> String {
        match self {
            Self::Row { table, .. } => format!("table {table}"),
            Self::Object { bucket, .. } | Self::Upload { bucket, .. } => format!("bucket {bucket}"),
            Self::Mail { .. } => "mails".to_owned(),
            Self::Message { queue, .. } => format!("queue {queue}"),
            Self::Execution { .. } => "executions".to_owned(),
            Self::Log { function } => format!("log {function}"),
            Self::User { .. } => "users who can sign in".to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { table, key } => write!(f, "table {table} {key}"),
            Self::Object { bucket, key, version } => write!(f, "object {bucket}/{key}@{version}"),
            Self::Upload { bucket, key } => write!(f, "open upload {bucket}/{key}"),
            Self::Mail { to, subject } => write!(f, "mail to {to} {subject:?}"),
            Self::Message { queue, id } => write!(f, "message {queue} {id}"),
            Self::Execution { name } => write!(f, "execution {name}"),
            Self::Log { function } => write!(f, "log {function}"),
            Self::User { name } => write!(f, "user {name}"),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.place, self.part, self.text)
    }
}

/// What is looked for, and what was found of it so far.
#[derive(Debug)]
struct Search<'a> {
    texts: &'a [String],
    needles: Needles,
    found: Vec<Trace>,
}

impl Search<'_> {
    /// Looks into one part of a place.
    fn look(&mut self, place: &Place, part: &str, bytes: impl AsRef<[u8]>) {
        let found = self.needles.within(bytes.as_ref());
        self.note(place, part, found);
    }

    fn note(&mut self, place: &Place, part: &str, found: impl IntoIterator<Item = usize>) {
        let texts = found.into_iter().filter_map(|number| self.texts.get(number));
        self.found.extend(texts.map(|text| Trace {
            place: place.clone(),
            part: part.to_owned(),
            text: text.clone(),
        }));
    }
}

/// Looks for the texts in all that the stack holds, one object, row or log at a time.
pub(crate) async fn traces(stack: &Stack, texts: &[String]) -> Result<Vec<Trace>> {
    let mut search = Search { texts, needles: Needles::new(texts)?, found: Vec::new() };
    rows::look(stack.clients(), &mut search).await?;
    objects::look(stack, &mut search).await?;
    executions::look(stack, &mut search).await?;
    users::look(stack, &mut search).await?;
    inbox::look(stack, &mut search)?;
    logs(stack, &mut search)?;
    let mut found = search.found;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn logs(stack: &Stack, search: &mut Search<'_>) -> Result<()> {
    let state = stack.state();
    for (binary, name) in &state.functions {
        let mut reader = LogReader::new(&state.endpoint, vec![(binary.clone(), name.clone())]);
        let place = Place::Log { function: binary.clone() };
        let mut number = 0;
        // Each reading goes on behind the one before, until nothing is new.
        loop {
            let lines = reader.read()?;
            if lines.is_empty() {
                break;
            }
            for line in lines {
                number += 1;
                search.look(&place, &format!("line {number}"), line.message);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_says_where_it_is() {
        let row = Place::Row { table: "t".into(), key: r#"["a"]"#.into() };
        let trace = Trace { place: row, part: "name".into(), text: "Ana".into() };
        assert_eq!(trace.to_string(), r#"table t ["a"] name: Ana"#);
        let mail = Place::Mail { to: "a@b.example".into(), subject: "It is done".into() };
        assert_eq!(mail.to_string(), r#"mail to a@b.example "It is done""#);
        let object = Place::Object { bucket: "b".into(), key: "k/x y".into(), version: "null".into() };
        assert_eq!((object.to_string(), object.within()), ("object b/k/x y@null".into(), "bucket b".into()));
    }
}
