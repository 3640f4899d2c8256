use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{AccountId, DataType, Digest, EmailAddress, Order};

/// How long a deletion can name its preview: long enough for somebody else to
/// look at the counts, and not so long that they are of another time.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// People go on working while a deletion waits: so few records more or less are
/// no other deletion.
const FEW: u64 = 10;

/// Nor is one part in so many of what there is.
const PART: u64 = 10;

/// How many records and files there are in each source.
pub type Tally = BTreeMap<String, u64>;

/// What a deletion would list, as somebody was shown it: counts, no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub digest: Digest,
    pub subjects: Vec<EmailAddress>,
    pub data_types: Vec<DataType>,
    /// Of all people together.
    pub totals: Tally,
    pub counted_at: DateTime<Utc>,
}

/// The preview that a deletion was filed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    pub digest: Digest,
    pub totals: Tally,
}

/// A source of which much more, or much less, would be erased than was previewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub source: String,
    pub then: u64,
    pub now: u64,
}

impl Preview {
    /// Of what was counted for each of the people whom `order` is about.
    #[must_use]
    pub fn of(
        account: &AccountId,
        order: &Order,
        people: &BTreeMap<EmailAddress, Tally>,
        counted_at: DateTime<Utc>,
    ) -> Self {
        let counted = json!({
            "account": account,
            "counted_at": counted_at,
            "data_types": order.data_types,
            "people": people,
            "subjects": order.subjects,
        });
        let mut totals = Tally::new();
        for (source, count) in people.values().flatten() {
            *totals.entry(source.clone()).or_default() += count;
        }
        Self {
            digest: Digest::of(&counted.to_string()),
            subjects: order.subjects.clone(),
            data_types: order.data_types.clone(),
            totals,
            counted_at,
        }
    }

    #[must_use]
    pub fn valid_until(&self) -> DateTime<Utc> {
        self.counted_at + KEPT
    }

    /// Whether it shows what `order` would erase, and is not too old for that.
    #[must_use]
    pub fn is_of(&self, order: &Order, now: DateTime<Utc>) -> bool {
        order.preview.as_ref() == Some(&self.digest)
            && order.subjects == self.subjects
            && order.data_types == self.data_types
            && now < self.valid_until()
    }
}

impl From<&Preview> for Previewed {
    fn from(preview: &Preview) -> Self {
        Self { digest: preview.digest.clone(), totals: preview.totals.clone() }
    }
}

impl Previewed {
    /// The sources of which a lot more or less is found than was previewed, by
    /// name. What is not counted is none.
    #[must_use]
    pub fn differences(&self, found: &Tally) -> Vec<Difference> {
        let sources: BTreeSet<_> = self.totals.keys().chain(found.keys()).collect();
        let of = |tally: &Tally, source| tally.get(source).copied().unwrap_or_default();
        let all = sources.into_iter().map(|source| Difference {
            source: source.clone(),
            then: of(&self.totals, source),
            now: of(found, source),
        });
        all.filter(Difference::is_a_lot).collect()
    }
}

impl Difference {
    fn is_a_lot(&self) -> bool {
        let by = self.then.abs_diff(self.now);
        by > FEW && by > self.then.max(self.now) / PART
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {} then, {} now", self.source, self.then, self.now)
    }
}

#[cfg(test)]
mod tests;
