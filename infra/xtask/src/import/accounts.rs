use std::collections::BTreeSet;
use std::io::Read;

use habeas_domain::{Account, AccountId};
use serde_json::Value;

use super::importer::Checked;
use super::refusals::{Place, Refusal};
use super::rows;
use crate::Outcome;

/// Accounts are held in memory, where members are not: so much is some 300,000.
const BYTES_MAX: u64 = 32 << 20;

/// What a file of accounts holds.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) rows: Vec<Checked<Account>>,
    /// Of those that are in order.
    pub(super) ids: BTreeSet<AccountId>,
}

/// Reads a JSON array of accounts, each checked for itself.
pub(super) fn read(file: impl Read) -> Outcome<Accounts> {
    let mut text = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(format!("the accounts take more than {} MiB", BYTES_MAX >> 20).into());
    }
    let json = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
    let entries: Vec<Value> = serde_json::from_slice(json).map_err(|error| {
        format!("not a JSON array of accounts (line {}, column {})", error.line(), error.column())
    })?;
    let rows = (1..).zip(entries).map(|(number, entry)| {
        rows::account(entry).map_err(|reason| Refusal { place: Place::Entry(number), reason })
    });
    let rows: Vec<_> = rows.collect();
    let ids = rows.iter().flatten().map(|account| account.id.clone()).collect();
    Ok(Accounts { rows, ids })
}
