//! Tells owners and admins about consents to AI training, and lets those to older terms lapse.

mod lapse;
mod letter;
mod tell;

use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_aws::{Mailer, Table};
use habeas_domain::{AccountId, StoreError, Terms};
use habeas_lambda::{Metric, TaskError, Tick, chain, emit, names};
use serde::{Deserialize, Serialize};

pub use letter::{Language, letter};

/// How many accounts, or mails, are worked on side by side.
const AT_A_TIME: usize = 8;

/// What telling of consents takes.
#[derive(Debug)]
pub struct Consents {
    pub table: Table,
    pub mailer: Mailer,
    pub language: Language,
    /// The page of an account's settings.
    pub settings_url: String,
    pub terms: Terms,
    /// Read for each mail and each change: a run may take minutes.
    pub clock: fn() -> DateTime<Utc>,
}

/// What the function is called with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// Somebody has just changed a consent.
    News(News),
    /// By the schedule: what has lapsed, and what nobody has been told of yet.
    Tick(Tick),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct News {
    tell: EntryName,
}

/// An entry of an account's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryName {
    pub account: AccountId,
    pub entry: u64,
}

/// What an invocation did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Accounts whose consents have lapsed.
    pub lapsed: u32,
    /// Entries that everybody concerned has now been told of.
    pub told: u32,
    /// What could not be done this time; the log says why.
    pub left: u32,
}

impl Consents {
    /// Does what the input asks for; by the schedule, until the deadline.
    pub async fn run(&self, input: &Input, deadline: Instant) -> Result<Done, TaskError> {
        match input {
            Input::News(News { tell }) => {
                let sealed = self.table.entry(&tell.account, tell.entry).await?;
                let sealed =
                    sealed.ok_or_else(|| TaskError::new(names::INCOMPLETE, "There is no such entry."))?;
                self.tell(&sealed).await?;
                Ok(Done { told: 1, ..Done::default() })
            }
            // Neither waits for the other, whatever becomes of it.
            Input::Tick(_) => {
                let (lapsed, told) = futures::join!(self.lapse_all(deadline), self.tell_all(deadline));
                let mut done = Done::of(lapsed, "consents not looked at");
                done.add(&Done::of(told, "entries not looked at"));
                let Done { lapsed, told, left } = done;
                tracing::info!(lapsed, told, left, "looked at consents");
                emit((self.clock)(), &[(Metric::ConsentsLapsed, lapsed), (Metric::ConsentsLeft, left)]);
                Ok(done)
            }
        }
    }
}

impl Done {
    fn of(done: Result<Self, StoreError>, what: &str) -> Self {
        done.unwrap_or_else(|fault| {
            tracing::error!(error = chain(&fault), "{what}");
            Self { left: 1, ..Self::default() }
        })
    }

    fn add(&mut self, other: &Self) {
        self.lapsed += other.lapsed;
        self.told += other.told;
        self.left += other.left;
    }

    fn count(&mut self, account: &AccountId, done: Result<Self, StoreError>) {
        match done {
            Ok(more) => self.add(&more),
            Err(fault) => {
                self.left += 1;
                tracing::error!(%account, error = chain(&fault), "left to the next run");
            }
        }
    }

    fn leave(&mut self, rows: u32, what: &str) {
        if rows > 0 {
            self.left += rows;
            tracing::error!(rows, "{what}");
        }
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::events;

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("consent") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }
}
