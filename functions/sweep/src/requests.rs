use chrono::{DateTime, Utc};
use habeas_aws::Execution;
use habeas_domain::{EventKind, Executions, Request, StoreError, Warning, next_look, silent_since};
use habeas_lambda::Tell;
use serde_json::json;

use crate::{Done, Sweep, Swept};

const STOPPED: &str = "The processing was stopped from outside before it was finished.";
const SILENT: &str = "The processing gave no sign of life for an hour and was stopped.";

impl Sweep {
    /// Tells the operator of a request that is due soon, or late: once for each
    /// warning, as the timeline remembers.
    pub(crate) async fn escalate(&self, request: &Request, now: DateTime<Utc>, swept: &mut Swept) {
        let Some(warning) = Warning::due(request, now) else { return };
        let done = self.warn(request, warning, now).await.map(|()| Done::Escalated);
        swept.count(done, request.id);
    }

    /// The mail goes first: where the note fails, the next sweep sends the same
    /// mail, which is sent once.
    async fn warn(&self, request: &Request, warning: Warning, now: DateTime<Utc>) -> Result<(), StoreError> {
        let warned =
            request.clone().with_event(now, EventKind::Escalated, None, Some(warning.name().to_owned()));
        let mail = json!({
            "mail": "escalated",
            "account": request.account,
            "request": request.id,
            "warning": warning.name(),
        });
        self.notify.send(&mail).await?;
        self.table.append(&warned).await
    }

    /// Brings a request on its way again, or to its end.
    pub(crate) async fn rescue(&self, request: &Request, now: DateTime<Utc>) -> Result<Done, StoreError> {
        if request.status.has_ended() {
            return self.finish(request).await.map(|()| Done::NothingToDo);
        }
        match self.machine.execution(request.id).await? {
            Execution::Running if silent_since(request, now).is_some() => {
                self.machine.stop(request.id).await?;
                self.fail(request, SILENT, now).await
            }
            Execution::Running => {
                self.table.look_again(request, next_look(request, now)).await?;
                Ok(Done::NothingToDo)
            }
            Execution::NeverStarted => {
                self.machine.start(request).await?;
                Ok(Done::Started)
            }
            Execution::Ended => self.fail(request, STOPPED, now).await,
        }
    }

    async fn fail(&self, request: &Request, reason: &str, now: DateTime<Utc>) -> Result<Done, StoreError> {
        match self.table.fail(request, reason, now).await {
            Ok(()) => self.finish(request).await.map(|()| Done::Failed),
            // It ended by itself between our two looks, or the index lags
            // behind its row: the next sweep sees which.
            Err(StoreError::Conflict) => Ok(Done::NothingToDo),
            Err(fault) => Err(fault),
        }
    }

    /// What the workflow would have done about an end. The request leaves the
    /// queue last: until then, the next sweep does it again.
    async fn finish(&self, request: &Request) -> Result<(), StoreError> {
        self.notify.ended(request).await?;
        self.tidy.send(&json!({ "account": request.account, "request": request.id })).await?;
        self.table.close(request).await
    }
}
