use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest account id taken from the operator's product.
const ACCOUNT_ID_BYTES_MAX: usize = 128;

/// A request: a UUID v7, so that ids sort by the time of filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

/// A legal hold: a UUID v7, so that ids sort by the time of placing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(Uuid);

/// A customer account of the operator's product, by the operator's own id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct NotAnId;

impl RequestId {
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The greatest id there is.
    pub const LAST: Self = Self(Uuid::max());

    /// The id of a request that is filed at `millis` after the epoch.
    #[cfg(test)]
    pub(crate) fn made(millis: u64, random: u64) -> Self {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&random.to_be_bytes());
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// No request that was filed at this time or later has a smaller id.
    #[must_use]
    pub fn first_of(at: DateTime<Utc>) -> Self {
        Self(Uuid::from_u128(u128::from(millis(at)) << 80))
    }

    /// No request that was filed before this time has a greater id.
    #[must_use]
    pub fn last_before(at: DateTime<Utc>) -> Self {
        Self(Uuid::from_u128((u128::from(millis(at)) << 80).saturating_sub(1)))
    }

    /// The greatest id before this one; nothing before the first.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        self.0.as_u128().checked_sub(1).map(|id| Self(Uuid::from_u128(id)))
    }

    /// Takes only the canonical hyphenated form: one request, one spelling.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        canonical(text).map(Self)
    }
}

impl HoldId {
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Takes only the canonical hyphenated form: one hold, one spelling.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        canonical(text).map(Self)
    }
}

fn canonical(text: &str) -> Result<Uuid, NotAnId> {
    let id = Uuid::try_parse(text).map_err(|_| NotAnId)?;
    if id.to_string() == text { Ok(id) } else { Err(NotAnId) }
}

/// Times before the epoch are the epoch: there are no ids of them.
fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or_default()
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AccountId {
    /// Ids become parts of table keys, so the separator `#` and control characters are refused.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let fits = !text.is_empty() && text.len() <= ACCOUNT_ID_BYTES_MAX;
        if fits && text.chars().all(|c| c.is_ascii_graphic() && c != '#') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
