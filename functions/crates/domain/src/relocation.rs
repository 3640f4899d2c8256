use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::seconds;
use crate::{AccountId, Entry, RequestId, Residency, Scope, Setting};

/// Lists of requests lag behind their rows, by a second at most times. A look
/// that begins this long after the change is taken to have seen every request
/// from before it.
const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(30);

/// No function runs longer, so that a move that another has taken the place of
/// can make no copy any more.
const OTHERS_ENDED_AFTER: TimeDelta = TimeDelta::minutes(16);

/// How soon requests that still run are looked at again: soon at first, then less often.
const WAIT_MIN: TimeDelta = TimeDelta::seconds(10);
const WAIT_MAX: TimeDelta = TimeDelta::minutes(15);

/// The move of an account's archives to where they are to be kept from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocation {
    pub account: AccountId,
    pub to: Residency,
    /// The entry of the account's ledger that it follows from. A later change
    /// has a later number, and takes the place of this move.
    pub entry: u64,
    #[serde(with = "seconds")]
    pub started_at: DateTime<Utc>,
    #[serde(default)]
    pub moved: u64,
    /// Archives still to be moved. Unknown until they have been looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Requests whose work lies at the old place and goes on there.
    #[serde(default)]
    pub running: u64,
    /// Of those left, how many could not be moved the last time.
    #[serde(default)]
    pub failing: u32,
    /// What is being moved, by the key of the copy, and what could not be cleaned
    /// up yet. A later move takes it over from the one before.
    #[serde(default)]
    pub in_hand: BTreeMap<String, InHand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How many executions of the state machine broke off.
    #[serde(default)]
    pub broken_off: u32,
}

/// An archive on its way: where it was, and where its copy is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InHand {
    pub request: RequestId,
    pub from: Place,
    pub copy: Place,
}

/// Where an archive lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub residency: Residency,
    pub key: String,
}

impl Relocation {
    /// The move that a change of settings makes necessary.
    #[must_use]
    pub fn after(entry: &Entry) -> Option<Self> {
        let is_residency = |topic: Setting| topic == Setting::DataResidency;
        let mut changes = entry.changes.iter().filter(|_| entry.scope == Scope::Account);
        let change = changes.find(|change| is_residency(change.setting.setting))?;
        Some(Self::begin(entry.account.clone(), Residency::of_choice(change.to), entry.number, entry.at))
    }

    /// A move of which nothing is done yet.
    #[must_use]
    pub fn begin(account: AccountId, to: Residency, entry: u64, started_at: DateTime<Utc>) -> Self {
        Self {
            account,
            to,
            entry,
            started_at,
            moved: 0,
            left: None,
            running: 0,
            failing: 0,
            in_hand: BTreeMap::new(),
            ended_at: None,
            broken_off: 0,
        }
    }

    /// Where the copy of an archive is made. The key is this move's own: what an
    /// earlier or a later move has made is never overwritten by it.
    #[must_use]
    pub fn copy_of(&self, request: RequestId) -> Place {
        Place { residency: self.to, key: format!("archives/{request}-{}.zip", self.entry) }
    }

    /// Whether everything is where it is to be, after a look that began at `at`.
    #[must_use]
    pub fn is_done(&self, at: DateTime<Utc>) -> bool {
        let nothing_left = self.left == Some(0) && self.in_hand.is_empty();
        nothing_left && self.running == 0 && at >= self.started_at + SETTLED_AFTER
    }

    /// Whether whoever worked at an earlier move has ended for sure.
    #[must_use]
    pub fn is_alone(&self, at: DateTime<Utc>) -> bool {
        at >= self.started_at + OTHERS_ENDED_AFTER
    }

    /// How long to wait for what cannot be moved yet.
    #[must_use]
    pub fn wait(&self, now: DateTime<Utc>) -> TimeDelta {
        ((now - self.started_at) / 4).clamp(WAIT_MIN, WAIT_MAX)
    }

    /// How far it is, for the owners of the account.
    #[must_use]
    pub fn view(&self) -> Value {
        json!({
            "state": if self.ended_at.is_some() { "done" } else { "moving" },
            "to": self.to,
            "archives_moved": self.moved,
            "archives_left": self.left,
            "archives_failing": self.failing,
            "requests_running": self.running,
            "started_at": seconds::text(self.started_at),
            "ended_at": self.ended_at.map(seconds::text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_looked_at_less_and_less_often() {
        let started_at: DateTime<Utc> = "2026-01-05T10:00:00Z".parse().unwrap();
        let amber = AccountId::parse("amber").unwrap();
        let relocation = Relocation::begin(amber, Residency::Eea, 1, started_at);
        let (mut now, mut looks) = (started_at, 0);
        while now < started_at + TimeDelta::days(14) {
            now += relocation.wait(now);
            looks += 1;
        }
        // A look takes some nine events of the 25,000 that a history may have.
        assert!((100..2_000).contains(&looks), "{looks}");
    }
}
