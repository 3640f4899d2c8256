//! `GET /v1/settings/ledger`: shows what was chosen, by whom and when.

use chrono::{DateTime, Utc};
use habeas_domain::{Action, Directory, FieldError, Problem, Sealed, Settings, StoreError, ledger_csv, may};
use habeas_lambda::{Call, Fault, Reply, signed_in};
use serde_json::json;

/// How many entries a page has where the caller names no number.
const PAGE_ENTRIES_DEFAULT: u32 = 20;

/// How many entries a page has at the most.
const PAGE_ENTRIES_MAX: u32 = 100;

/// How many entries a table has at the most. With the longest reason in each of
/// a dozen lines, an entry takes 30 kB; a function's answer may have 6 MB.
const TABLE_ENTRIES_MAX: u32 = 200;

/// The ports that reading the ledger takes.
#[derive(Debug)]
pub struct Ledger<D, S> {
    pub directory: D,
    pub settings: S,
}

impl<D: Directory, S: Settings> Ledger<D, S> {
    /// One page of the ledger of the caller's account, newest first.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let member = signed_in(&self.directory, call).await?;
        may(member.role, Action::SeeLedger).map_err(Problem::from)?;
        call.only_queries(&["cursor", "limit"])?;
        let before = cursor(call.query("cursor"))?;
        let limit = limit(call)?;
        // One more says whether there is another page.
        let mut entries = self.settings.entries(&member.account, before, limit + 1).await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = entries.last().filter(|_| more).map(|(number, _)| *number);
        let entries = entries.into_iter().map(|(_, sealed)| readable(sealed));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        if call.wants_csv() {
            return Ok(table(call, &entries, next, now));
        }
        let mut shown = json!({ "entries": entries.iter().map(Sealed::view).collect::<Vec<_>>() });
        if let Some(next) = next {
            shown["next"] = json!(next.to_string());
        }
        Ok(Reply::ok(shown))
    }
}

/// What cannot be shown is not left out: it is for `ledger verify` to name.
fn readable(sealed: Sealed) -> Result<Sealed, StoreError> {
    match sealed.entry() {
        Ok(_) => Ok(sealed),
        Err(error) => Err(StoreError::Corrupt(Box::new(error))),
    }
}

/// A table has no place for where it goes on, so a header says it.
fn table(call: &Call, entries: &[Sealed], next: Option<u64>, now: DateTime<Utc>) -> Reply {
    let reply = Reply::csv(ledger_csv(entries), &format!("habeas-ledger-{}.csv", now.format("%Y-%m-%d")));
    match next {
        Some(next) => reply.with_next(&format!("/v1/settings/ledger?{}", call.query_with("cursor", &next))),
        None => reply,
    }
}

fn cursor(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(malformed("/cursor", "the cursor is not one that a page of the ledger returned".to_owned())),
    }
}

fn limit(call: &Call) -> Result<u32, Problem> {
    let (usual, most) = if call.wants_csv() {
        (TABLE_ENTRIES_MAX, TABLE_ENTRIES_MAX)
    } else {
        (PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX)
    };
    let Some(text) = call.query("limit") else { return Ok(usual) };
    match text.parse() {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(malformed("/limit", format!("the limit is a whole number from 1 to {most}"))),
    }
}

fn malformed(pointer: &str, detail: String) -> Problem {
    Problem::malformed(detail.clone()).with(vec![FieldError::new(pointer, detail)])
}
