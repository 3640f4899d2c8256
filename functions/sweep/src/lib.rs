//! Finds what is stuck, late or has expired, once a minute.

mod archives;
mod requests;

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{StateMachine, Table};
use habeas_domain::{RequestId, StoreError};
use habeas_lambda::{Function, Metric, chain, emit};
use habeas_work::Expiry;
use serde::{Deserialize, Serialize};

/// A request that was filed this long ago should have been started.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// What the schedule sends. It carries nothing, but whatever else arrives was
/// meant for another function.
#[derive(Debug, Deserialize)]
pub struct Tick {
    #[serde(rename = "detail-type")]
    _detail_type: Scheduled,
}

#[derive(Debug, Deserialize)]
enum Scheduled {
    #[serde(rename = "Scheduled Event")]
    Event,
}

/// What sweeping takes.
#[derive(Debug)]
pub struct Sweep {
    pub table: Table,
    pub machine: StateMachine,
    pub expiry: Expiry,
    pub notify: Function,
    pub tidy: Function,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    pub started: u32,
    pub failed: u32,
    /// How many people of the operator's were told of requests due soon, or late.
    pub escalated: u32,
    /// Requests looked at that are late.
    pub overdue: u32,
    pub expired: u32,
    /// What could not be done this time; the log says why.
    pub left: u32,
}

impl Sweep {
    /// Starts what was filed and never started, fails what lost its workflow or
    /// gives no sign of life, escalates what is late, and removes archives
    /// whose time is over. One stuck thing stops no other.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Swept {
        let mut swept = Swept::default();
        match self.table.overdue(now - PATIENCE).await {
            Ok(waiting) => {
                swept.leave(waiting.unreadable, "request not readable");
                for request in waiting.rows {
                    swept.overdue += u32::from(!request.status.has_ended() && now >= request.due_at);
                    self.escalate(&request, now, &mut swept).await;
                    let done = self.rescue(&request, now).await;
                    swept.count(done, request.id);
                }
            }
            Err(fault) => swept.fault(&fault, "open requests not read"),
        }
        match self.table.ageing(now).await {
            Ok(waiting) => {
                swept.leave(waiting.unreadable, "archive's row not readable");
                for note in waiting.rows {
                    let done = self.age(&note, now).await;
                    swept.count(done, note.request);
                }
            }
            Err(fault) => swept.fault(&fault, "ageing archives not read"),
        }
        swept.report(now);
        swept
    }
}

#[derive(Debug, Clone, Copy)]
enum Done {
    Started,
    Failed,
    Escalated,
    Expired,
    NothingToDo,
}

impl Swept {
    fn count(&mut self, done: Result<Done, StoreError>, id: RequestId) {
        match done {
            Ok(Done::Started) => self.started += 1,
            Ok(Done::Failed) => self.failed += 1,
            Ok(Done::Escalated) => self.escalated += 1,
            Ok(Done::Expired) => self.expired += 1,
            Ok(Done::NothingToDo) => {}
            Err(fault) => {
                self.left += 1;
                tracing::error!(request = %id, error = chain(&fault), "left to the next sweep");
            }
        }
    }

    fn leave(&mut self, rows: u32, what: &str) {
        if rows > 0 {
            self.left += rows;
            tracing::error!(rows, "{what}");
        }
    }

    fn fault(&mut self, fault: &StoreError, what: &str) {
        self.left += 1;
        tracing::error!(error = chain(fault), "{what}");
    }

    fn report(&self, now: DateTime<Utc>) {
        let Self { started, failed, escalated, overdue, expired, left } = *self;
        tracing::info!(started, failed, escalated, overdue, expired, left, "swept");
        emit(
            now,
            &[
                (Metric::RequestsStartedBySweep, started),
                (Metric::RequestsFailedBySweep, failed),
                (Metric::RequestsEscalated, escalated),
                (Metric::RequestsOverdue, overdue),
                (Metric::ArchivesExpired, expired),
                (Metric::SweepLeft, left),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::events;

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("sweep") {
            let read = serde_json::from_str::<Tick>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }
}
