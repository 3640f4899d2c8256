use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A copy of the personal data (GDPR Art. 15 and 20).
    Export,
    /// Its erasure (GDPR Art. 17).
    Delete,
}

/// Where a request stands. `Pending → Processing → Completed | Failed`, or `Pending → Canceled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Pending,
    Processing,
    Completed,
    Failed,
    Canceled,
}

impl Status {
    /// Whether nothing can change any more.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// The classes of personal data a request can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    Meetings,
    Webinars,
    Chat,
    Whiteboards,
}

impl DataType {
    pub const ALL: [Self; 4] = [Self::Meetings, Self::Webinars, Self::Chat, Self::Whiteboards];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meetings => "meetings",
            Self::Webinars => "webinars",
            Self::Chat => "chat",
            Self::Whiteboards => "whiteboards",
        }
    }
}

/// Days in UTC, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl DateRange {
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        let day = at.date_naive();
        self.from <= day && day <= self.to
    }
}

macro_rules! display_as_json_name {
    ($($kind:ty),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    )*};
}

display_as_json_name!(Kind, Status, DataType);

#[cfg(test)]
mod tests {
    use super::*;

    fn range() -> DateRange {
        DateRange {
            from: NaiveDate::from_ymd_opt(2026, 1, 12).unwrap(),
            to: NaiveDate::from_ymd_opt(2026, 1, 31).unwrap(),
        }
    }

    #[test]
    fn both_days_of_a_range_belong_to_it() {
        for (time, inside) in [
            ("2026-01-12T00:00:00Z", true),
            ("2026-01-31T23:59:59.999Z", true),
            ("2026-02-01T00:00:00Z", false),
            ("2026-01-11T23:59:59Z", false),
            ("2026-02-01T01:00:00+02:00", true),
        ] {
            assert_eq!(range().contains(time.parse().unwrap()), inside, "{time}");
        }
    }

    #[test]
    fn names_are_the_ones_of_the_api() {
        assert_eq!(Kind::Export.to_string(), "export");
        assert_eq!(Status::Processing.to_string(), "Processing");
        for data_type in DataType::ALL {
            assert_eq!(data_type.to_string(), data_type.as_str());
        }
    }
}
