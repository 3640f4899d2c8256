use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, Utc};
use serde::{Deserialize, Serialize};

use crate::{AccountId, DataType, DateRange, EmailAddress, Event, EventKind, Kind, RequestId, Role, Status};

/// A filed request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    pub account: AccountId,
    pub kind: Kind,
    pub status: Status,
    pub subjects: Vec<EmailAddress>,
    pub data_types: Vec<DataType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_range: Option<DateRange>,
    pub requestor: Requestor,
    pub created_at: DateTime<Utc>,
    /// When the workflow stops waiting; until then the request can be revoked.
    pub starts_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
    /// Records per person and data type: exported, or erased.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: Counts,
    pub timeline: Vec<Event>,
}

/// Records by person and data type.
pub type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Who filed the request, as of the time of filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requestor {
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
}

/// The finished archive of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    pub key: String,
    pub bytes: u64,
    /// From this moment on the download answers 410.
    pub expires_at: DateTime<Utc>,
}

/// A revoke that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is {status} and can no longer be revoked")]
pub struct NotRevocable {
    pub status: Status,
}

impl Request {
    /// Takes the request back, while it has not started.
    pub fn revoke(mut self, by: &EmailAddress, at: DateTime<Utc>) -> Result<Self, NotRevocable> {
        if !self.is_revocable(at) {
            return Err(NotRevocable { status: self.status });
        }
        self.status = Status::Canceled;
        self.ended_at = Some(at);
        self.timeline.push(Event { at, event: EventKind::Revoked, by: Some(by.as_str().to_owned()) });
        Ok(self)
    }

    #[must_use]
    pub fn is_revocable(&self, at: DateTime<Utc>) -> bool {
        self.status == Status::Pending && at < self.starts_at
    }
}

/// The answer is due 30 days or one calendar month after receipt, whichever is
/// earlier (GDPR Art. 12(3) counts a month; February is shorter than 30 days).
#[must_use]
pub fn due_at(received: DateTime<Utc>) -> DateTime<Utc> {
    let thirty_days = received + Days::new(30);
    received.checked_add_months(Months::new(1)).map_or(thirty_days, |month| month.min(thirty_days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_due_date_is_the_earlier_of_thirty_days_and_a_calendar_month() {
        for (received, due) in [
            ("2026-01-05T10:00:00Z", "2026-02-04T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-02-10T10:00:00Z", "2026-03-10T10:00:00Z"),
            ("2028-01-31T10:00:00Z", "2028-02-29T10:00:00Z"),
            ("2026-04-15T10:00:00Z", "2026-05-15T10:00:00Z"),
        ] {
            assert_eq!(due_at(at(received)), at(due), "{received}");
        }
    }
}
