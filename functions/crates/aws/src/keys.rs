use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{AccountId, Digest, EmailAddress, RequestId};

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

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn key(pk: String, sk: String) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(crate) fn account_key(account: &AccountId) -> Item {
    key(format!("ACCT#{account}"), "PROFILE".to_owned())
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

pub(crate) fn mail_key(id: RequestId, mail: &str) -> Item {
    key(format!("REQ#{id}"), format!("MAIL#{mail}"))
}
