use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::canonical::{Row, attribute};
use crate::{LocalError, Result};

/// The sample application's tables without their prefix, and the files' stems.
pub(crate) const STEMS: &[&str] = &[
    "meetings",
    "meeting_participants",
    "meeting_transcripts",
    "webinars",
    "webinar_attendees",
    "webinar_transcripts",
    "chat_messages",
    "whiteboards",
    "users",
];

/// The rows of one JSON Lines file.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) path: PathBuf,
    text: Vec<u8>,
}

impl Rows {
    /// A file that is not there has no rows.
    pub(crate) fn open(dir: &Path, stem: &str) -> Result<Self> {
        let path = dir.join(format!("{stem}.jsonl"));
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(LocalError::file("read", &path))?,
        };
        Ok(Self { path, text })
    }

    pub(crate) fn count(&self) -> usize {
        self.lines().count()
    }

    /// Only `\n` ends a line: texts may hold U+2028, a form feed or a lone `\r`.
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let lines = (1..).zip(self.text.split(|byte| *byte == b'\n'));
        lines.filter(|(_, line)| !line.is_empty())
    }

    /// The rows with the number of their line.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<(u64, Row)>> {
        self.lines().map(|(line, text)| {
            let problem = match serde_json::from_slice(text).map(|value: Value| attribute(value)) {
                Ok(AttributeValue::M(row)) => return Ok((line, row)),
                Ok(_) => "a row is a JSON object".to_owned(),
                Err(error) => error.to_string(),
            };
            Err(self.error(line, problem))
        })
    }

    pub(crate) fn error(&self, line: u64, problem: impl Into<String>) -> LocalError {
        LocalError::Data { file: self.path.clone(), line, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Rows {
        Rows { path: "chat.jsonl".into(), text: text.into() }
    }

    #[test]
    fn only_a_line_feed_ends_a_row() {
        let rows = rows("{\"text\": \"a\u{2028}b\u{85}c\"}\n\n{\"n\": 1}");
        let read: Vec<_> = rows.iter().collect::<Result<_>>().unwrap();
        assert_eq!(rows.count(), 2);
        assert_eq!(read[0].1["text"], AttributeValue::S("a\u{2028}b\u{85}c".into()));
        assert_eq!(read[1], (3, Row::from([("n".into(), AttributeValue::N("1".into()))])));
    }

    #[test]
    fn a_bad_row_is_named_by_file_and_line() {
        for (text, problem) in [("{}\n[1]", "a row is a JSON object"), ("{}\n{\"a\":", "EOF")] {
            let error = rows(text).iter().last().unwrap().unwrap_err().to_string();
            assert!(error.starts_with("chat.jsonl:2: ") && error.contains(problem), "{error}");
        }
    }
}
