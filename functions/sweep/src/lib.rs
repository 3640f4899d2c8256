//! Finds what is stuck or has expired, once a minute.

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Bucket, Execution, StateMachine, Table, WorkKeys};
use habeas_domain::{Executions, Request, RequestId, StoreError};
use habeas_lambda::{Function, Tell, chain};
use serde::{Deserialize, Serialize};
use serde_json::json;

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
    pub tidy: Function,
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
    pub async fn sweep(&self, now: DateTime<Utc>) -> Swept {
        let mut swept = Swept::default();
        match self.table.overdue(now - PATIENCE).await {
            Ok(waiting) => {
                swept.leave(waiting.unreadable, "request not readable");
                for request in waiting.rows {
                    let rescued = self.rescue(&request, now).await;
                    swept.count(rescued, request.id);
                }
            }
            Err(fault) => swept.fault(&fault, "open requests not read"),
        }
        match self.table.expired(now).await {
            Ok(waiting) => {
                swept.leave(waiting.unreadable, "archive's row not readable");
                for id in waiting.rows {
                    let expired = self.expire(id).await.map(|()| Rescue::Expired);
                    swept.count(expired, id);
                }
            }
            Err(fault) => swept.fault(&fault, "expired archives not read"),
        }
        let Swept { started, failed, expired, left } = swept;
        tracing::info!(started, failed, expired, left, "swept");
        swept
    }

    async fn rescue(&self, request: &Request, now: DateTime<Utc>) -> Result<Rescue, StoreError> {
        if request.status.has_ended() {
            return self.finish(request).await.map(|()| Rescue::NotNeeded);
        }
        match self.machine.execution(request.id).await? {
            Execution::Running if now < request.starts_at => {
                self.table.look_again(request, request.starts_at).await?;
                Ok(Rescue::NotNeeded)
            }
            Execution::Running => Ok(Rescue::NotNeeded),
            Execution::NeverStarted => {
                self.machine.start(request).await?;
                Ok(Rescue::Started)
            }
            Execution::Ended => {
                let reason = "The processing was stopped from outside before it was finished.";
                match self.table.fail(request, reason, now).await {
                    Ok(()) => self.finish(request).await.map(|()| Rescue::Failed),
                    // It ended by itself between our two looks.
                    Err(StoreError::Conflict) => Ok(Rescue::NotNeeded),
                    Err(fault) => Err(fault),
                }
            }
        }
    }

    /// What the workflow would have done about an end. The request leaves the
    /// queue last: until then, the next sweep does it again.
    async fn finish(&self, request: &Request) -> Result<(), StoreError> {
        self.notify.ended(request).await?;
        self.tidy.send(&json!({ "account": request.account, "request": request.id })).await?;
        self.table.close(request).await
    }

    /// The object goes first: while its row is there, the next sweep tries again.
    async fn expire(&self, id: RequestId) -> Result<(), StoreError> {
        self.archives.delete_versions(&WorkKeys::archive(id)).await?;
        self.table.remove_archive(id).await
    }
}

#[derive(Clone, Copy)]
enum Rescue {
    Started,
    Failed,
    Expired,
    NotNeeded,
}

impl Swept {
    fn count(&mut self, rescued: Result<Rescue, StoreError>, id: RequestId) {
        match rescued {
            Ok(Rescue::Started) => self.started += 1,
            Ok(Rescue::Failed) => self.failed += 1,
            Ok(Rescue::Expired) => self.expired += 1,
            Ok(Rescue::NotNeeded) => {}
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
