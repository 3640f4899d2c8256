//! Keeps the heads of all ledgers where nobody can change them.

use chrono::{DateTime, Utc};
use habeas_aws::{Bucket, Table};
use habeas_domain::Anchor;
use habeas_lambda::{TaskError, names};
use serde::Serialize;
use serde_json::json;

/// An object is written when it has this size: some ten thousand ledgers.
const OBJECT_BYTES: usize = 2 << 20;

/// How many pages of a hundred ledgers one run looks at.
const PAGES_MAX: u32 = 100_000;

/// What anchoring takes. The bucket's Object Lock keeps what is put there.
#[derive(Debug)]
pub struct Anchoring {
    pub table: Table,
    pub bucket: Bucket,
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Anchored {
    pub ledgers: u32,
    pub objects: u32,
}

impl Anchoring {
    /// Writes where each ledger ends, one in a line. A run that is repeated
    /// writes other objects: none takes the place of an earlier one.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<Anchored, TaskError> {
        let mut done = Anchored::default();
        let (mut lines, mut unreadable) = (String::new(), 0);
        let mut after = None;
        for _ in 0..PAGES_MAX {
            let page = self.table.ledgers(after).await?;
            unreadable += page.unreadable;
            for (account, head) in self.table.ledger_heads(&page.rows).await? {
                let Some(head) = head else {
                    tracing::error!(%account, "the head of the ledger is missing or not readable");
                    unreadable += 1;
                    continue;
                };
                let anchor = Anchor { account, at: now, number: head.number, hash: head.hash };
                lines.push_str(&json!(anchor).to_string());
                lines.push('\n');
                done.ledgers += 1;
            }
            after = page.next;
            if lines.len() >= OBJECT_BYTES || (after.is_none() && !lines.is_empty()) {
                done.objects += 1;
                let key = key(now, done.objects);
                self.bucket
                    .put_new(&key, std::mem::take(&mut lines).into_bytes(), "application/x-ndjson")
                    .await?;
            }
            if after.is_none() && unreadable > 0 {
                let what =
                    format!("{unreadable} ledgers could not be anchored: their rows are not readable.");
                return Err(TaskError::new(names::INCOMPLETE, what));
            }
            if after.is_none() {
                tracing::info!(ledgers = done.ledgers, objects = done.objects, "anchored");
                return Ok(done);
            }
        }
        Err(TaskError::new(names::INCOMPLETE, "There are more ledgers than one run can anchor."))
    }
}

fn key(now: DateTime<Utc>, object: u32) -> String {
    format!("anchors/{}-{object:04}.jsonl", now.format("%Y-%m-%d/%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
mod tests {
    use habeas_lambda::Tick;
    use habeas_testkit::{at, events};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("anchor") {
            let read = serde_json::from_str::<Tick>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn objects_lie_by_day_and_none_hides_another() {
        let noon = at("2026-01-05T12:00:00Z");
        assert_eq!(key(noon, 1), "anchors/2026-01-05/20260105T120000Z-0001.jsonl");
        assert_ne!(key(noon, 1), key(noon + chrono::TimeDelta::seconds(1), 1));
    }
}
