//! Finds what is stuck or has expired, once a minute.

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Bucket, Execution, StateMachine, Table, WorkKeys};
use habeas_domain::{Executions, Request, StoreError};
use habeas_lambda::{Function, TaskError, Tell, chain};
use serde::{Deserialize, Serialize};

/// A workflow gets this long to start, or to write its end, before it is looked for.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

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
    pub archives: Bucket,
    pub notify: Function,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    pub started: u32,
    pub failed: u32,
    pub expired: u32,
    /// What could not be done this time; the log says why.
    pub left: u32,
}

impl Sweep {
    /// Starts what was filed and never started, fails what lost its workflow,
    /// and removes archives whose time is over. One stuck thing stops no other.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<Swept, TaskError> {
        let mut swept = Swept::default();
        for request in self.table.overdue(now - PATIENCE).await? {
            match self.rescue(&request, now).await {
                Ok(Rescue::Started) => swept.started += 1,
                Ok(Rescue::Failed) => swept.failed += 1,
                Ok(Rescue::NotNeeded) => {}
                Err(fault) => {
                    swept.left += 1;
                    tracing::error!(request = %request.id, error = chain(&fault), "request not rescued");
                }
            }
        }
        for (_, id) in self.table.expired(now).await? {
            match self.expire(id).await {
                Ok(()) => swept.expired += 1,
                Err(fault) => {
                    swept.left += 1;
                    tracing::error!(request = %id, error = chain(&fault), "archive not expired");
                }
            }
        }
        tracing::info!(
            started = swept.started,
            failed = swept.failed,
            expired = swept.expired,
            left = swept.left,
            "swept"
        );
        Ok(swept)
    }

    async fn rescue(&self, request: &Request, now: DateTime<Utc>) -> Result<Rescue, StoreError> {
        match self.machine.execution(request.id).await? {
            Execution::Running => Ok(Rescue::NotNeeded),
            Execution::NeverStarted => {
                self.machine.start(request).await?;
                Ok(Rescue::Started)
            }
            Execution::Ended => {
                let reason = "The processing was stopped from outside before it was finished.";
                match self.table.fail(request, reason, now).await {
                    Ok(()) => {}
                    // It ended by itself between our two looks.
                    Err(StoreError::Conflict) => return Ok(Rescue::NotNeeded),
                    Err(fault) => return Err(fault),
                }
                self.notify.ended(request).await?;
                Ok(Rescue::Failed)
            }
        }
    }

    /// The object goes first: while its row is there, the next sweep tries again.
    async fn expire(&self, id: habeas_domain::RequestId) -> Result<(), StoreError> {
        self.archives.delete_versions(&WorkKeys::archive(id)).await?;
        self.table.remove_archive(id).await
    }
}

enum Rescue {
    Started,
    Failed,
    NotNeeded,
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
