use std::future::Future;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{AccountId, DateRange, StoreError};

use crate::{Item, Key, Mask, Pseudonyms};

/// How many records are read at a time: a page stays within DynamoDB's 1 MB
/// where records are of usual size, and a cursor never far away.
pub(crate) const PAGE_RECORDS: i32 = 1_000;

/// A kind of store that personal data lives in: what walking and erasing ask of
/// it. There is one in each of `dynamodb`, `s3` and `lambda`; one that speaks
/// HTTP would be a fourth beside them, with an [`Address`](crate::Address) of
/// its own.
pub(crate) trait Connector {
    /// Where in such a store a source is.
    type Address: Sync;

    /// How many records one call erases.
    const ERASED_AT_ONCE: usize;

    /// What a lookup finds behind a key, in an order that is the same every time.
    /// A page may be empty and not be the last.
    fn page(
        &self,
        at: &Self::Address,
        lookup: &Lookup<'_>,
        after: Option<&Key>,
    ) -> impl Future<Output = Result<Records, StoreError>> + Send;

    /// Deletes or masks what is still as it was listed, and says of each whether it
    /// was: as many records as one call takes. Safe to repeat.
    fn erase(
        &self,
        at: &Self::Address,
        erasure: &Erasure<'_>,
    ) -> impl Future<Output = Result<Vec<bool>, StoreError>> + Send;
}

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Lookup<'a> {
    pub(crate) source: &'a str,
    /// A store that can tell accounts apart need not read those of others.
    pub(crate) account: &'a AccountId,
    /// The same of days; what is outside of it is left out by the walk anyway.
    pub(crate) range: Option<&'a DateRange>,
    pub(crate) by: By<'a>,
    pub(crate) limit: i32,
}

#[derive(Debug, Clone)]
pub(crate) enum By<'a> {
    /// Records whose field has a value.
    Field { field: &'a str, value: AttributeValue, how: How<'a> },
    /// The same of one of several texts, by reading a part of the whole table.
    Scan { field: &'a str, texts: &'a [&'a str], part: Part },
    /// Objects whose keys begin so.
    Prefix { prefix: String, which: Which },
}

/// Which versions of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Current,
    All,
    /// To be erased, and not to be read: markers of deletions too.
    AllAndMarkers,
}

/// How a field leads to records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How<'a> {
    Key,
    Index(&'a str),
}

/// Which of how many parts of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Counted from 0.
    pub number: u32,
    pub of: u32,
}

impl Default for Part {
    fn default() -> Self {
        Self { number: 0, of: 1 }
    }
}

/// Records, and after which of them the next page begins.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) items: Vec<Item>,
    pub(crate) last: Option<Key>,
}

/// What is erased, and of whom.
#[derive(Debug)]
pub(crate) struct Erasure<'a> {
    pub(crate) source: &'a str,
    pub(crate) account: &'a AccountId,
    /// The field that says whose a record is, and the ids of the person.
    pub(crate) field: &'a str,
    pub(crate) ids: &'a [&'a str],
    pub(crate) pseudonyms: Option<&'a Pseudonyms>,
    pub(crate) doomed: &'a [Doomed<'a>],
}

/// A record, what becomes of it, and what it must still say for that.
#[derive(Debug)]
pub(crate) struct Doomed<'a> {
    pub(crate) key: &'a Key,
    pub(crate) fate: Fate<'a>,
    pub(crate) holds: Vec<Condition<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate<'a> {
    Delete,
    Mask(&'a Mask),
}

/// What a field must still be, so that a write changes only what the inventory
/// was about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Condition<'a> {
    /// One of these texts.
    OneOf(&'a str, &'a [&'a str]),
    Is(&'a str, &'a str),
    /// This very value, of whatever type.
    Same(&'a str, &'a AttributeValue),
    /// None of these values, or nothing.
    NoneOf(&'a str, &'a [AttributeValue]),
    Present(&'a str),
    Absent(&'a str),
}

/// A lookup or a rule that a kind of store does not have. The data map's check
/// refuses such a map.
pub(crate) fn not_so() -> StoreError {
    StoreError::Corrupt("the data map asks a store for what it cannot do".into())
}
