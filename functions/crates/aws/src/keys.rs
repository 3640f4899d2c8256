use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{AccountId, Digest, EmailAddress, HoldId, RequestId};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Index of an account's requests, by id and so by time.
pub(crate) const BY_ACCOUNT: &str = "by-account";
/// Index of an account's requests by the person who filed them.
pub(crate) const BY_REQUESTOR: &str = "by-requestor";
/// Sparse index of what the sweep has to look at.
pub(crate) const BY_QUEUE: &str = "by-queue";
/// Requests that the sweep is not done with, by when it is to look at them.
pub(crate) const OPEN: &str = "OPEN";
/// Archives that are still there, by when they expire.
pub(crate) const ARCHIVES: &str = "ARCHIVES";

/// Accounts with a consent to AI training.
pub(crate) const CONSENTS: &str = "CONSENTS";
/// Entries about consents that not everybody concerned has been told of.
pub(crate) const UNTOLD: &str = "UNTOLD";
/// Accounts that have a ledger.
pub(crate) const LEDGERS: &str = "LEDGERS";
/// Moves of archives that have not ended.
pub(crate) const RELOCATIONS: &str = "RELOCATIONS";
/// Notes of what was held, after the release of a hold.
pub(crate) const RELEASED: &str = "RELEASED";
/// Sparse index of an account's owners and admins.
pub(crate) const BY_ADMINISTRATOR: &str = "by-administrator";

pub(crate) const SETTINGS: &str = "SETTINGS";
pub(crate) const ENTRY: &str = "ENTRY#";

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn key(pk: String, sk: String) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(crate) fn account_key(account: &AccountId) -> Item {
    key(format!("ACCT#{account}"), "PROFILE".to_owned())
}

pub(crate) fn account_settings_key(account: &AccountId) -> Item {
    key(format!("ACCT#{account}"), SETTINGS.to_owned())
}

/// What somebody has chosen goes with them from account to account.
pub(crate) fn member_settings_key(email: &EmailAddress) -> Item {
    key(format!("MEMBER#{}", email.as_str()), SETTINGS.to_owned())
}

pub(crate) fn ledger_partition(account: &AccountId) -> String {
    format!("ACCT#{account}#LEDGER")
}

pub(crate) fn ledger_key(account: &AccountId) -> Item {
    key(format!("ACCT#{account}"), "LEDGER".to_owned())
}

/// The last move of an account's archives.
pub(crate) fn relocation_key(account: &AccountId) -> Item {
    key(format!("ACCT#{account}"), "RELOCATION".to_owned())
}

pub(crate) fn ledger_head_key(account: &AccountId) -> Item {
    key(ledger_partition(account), "HEAD".to_owned())
}

/// An account's holds and all that goes with them. The book of holds is what
/// sorts from its head to its last hold, so nothing else may sort in between.
pub(crate) fn hold_partition(account: &AccountId) -> String {
    format!("ACCT#{account}#HOLD")
}

pub(crate) const HOLD_HEAD: &str = "HEAD";
/// Behind every hold: no id has this character.
pub(crate) const LAST_HOLD: &str = "HOLD#~";
pub(crate) const HELD_NOTE: &str = "NOTE#";
pub(crate) const RELEASED_HOLD: &str = "RELEASED#";

pub(crate) fn hold_head_key(account: &AccountId) -> Item {
    key(hold_partition(account), HOLD_HEAD.to_owned())
}

pub(crate) fn hold_key(account: &AccountId, id: HoldId) -> Item {
    key(hold_partition(account), format!("HOLD#{id}"))
}

pub(crate) fn released_hold_key(account: &AccountId, id: HoldId) -> Item {
    key(hold_partition(account), format!("{RELEASED_HOLD}{id}"))
}

/// What a deletion could not erase.
pub(crate) fn held_note_key(account: &AccountId, id: RequestId) -> Item {
    key(hold_partition(account), format!("{HELD_NOTE}{id}"))
}

/// One piece of the list of it: apart from the notes, which are read often.
pub(crate) fn held_chunk_key(account: &AccountId, id: RequestId, chunk: u32) -> Item {
    key(hold_partition(account), held_chunk_range(id, chunk))
}

pub(crate) fn held_chunk_range(id: RequestId, chunk: u32) -> String {
    format!("TARGETS#{id}#{chunk:010}")
}

/// Fixed width, so that entries sort by their number.
pub(crate) fn entry_range(number: u64) -> String {
    format!("{ENTRY}{number:012}")
}

pub(crate) fn entry_key(account: &AccountId, number: u64) -> Item {
    key(ledger_partition(account), entry_range(number))
}

/// Members are keyed by address alone: a token says who somebody is, and one
/// consistent read then says where they belong.
pub(crate) fn member_key(email: &EmailAddress) -> Item {
    key(format!("MEMBER#{}", email.as_str()), "PROFILE".to_owned())
}

/// The key of a request's row. Whose it is stands in the row: who asks and what
/// they ask for are then read at once.
#[must_use]
pub fn request_key(id: RequestId) -> Item {
    key(format!("REQ#{id}"), "REQUEST".to_owned())
}

pub(crate) fn requestor_partition(account: &AccountId, email: &EmailAddress) -> String {
    format!("ACCT#{account}#BY#{}", email.as_str())
}

/// The requests about a person, one row each.
pub(crate) fn about_partition(account: &AccountId, email: &EmailAddress) -> String {
    format!("ACCT#{account}#ABOUT#{}", email.as_str())
}

pub(crate) fn about_key(account: &AccountId, email: &EmailAddress, id: RequestId) -> Item {
    key(about_partition(account, email), id.to_string())
}

/// What people were shown before they filed a deletion.
pub(crate) fn preview_key(account: &AccountId, digest: &Digest) -> Item {
    key(format!("ACCT#{account}#PREVIEW"), digest.to_string())
}

/// What a submit with an idempotency key was answered.
pub(crate) fn answer_key(slot: &Digest) -> Item {
    key(format!("ANSWER#{slot}"), "ANSWER".to_owned())
}

/// The last request about the same people, kind and range.
pub(crate) fn twin_key(slot: &Digest) -> Item {
    key(format!("TWIN#{slot}"), "TWIN".to_owned())
}

pub(crate) fn archive_key(id: RequestId) -> Item {
    key(format!("REQ#{id}"), "ARCHIVE".to_owned())
}

/// The signed receipt of a deletion.
pub(crate) fn receipt_key(id: RequestId) -> Item {
    key(format!("REQ#{id}"), "RECEIPT".to_owned())
}

pub(crate) fn entry_mail_key(account: &AccountId, number: u64, to: &EmailAddress) -> Item {
    key(format!("{}#MAIL", ledger_partition(account)), format!("{number:012}#{}", to.as_str()))
}

pub(crate) fn request_mail_key(id: RequestId, mail: &str) -> Item {
    key(format!("REQ#{id}"), format!("MAIL#{mail}"))
}
