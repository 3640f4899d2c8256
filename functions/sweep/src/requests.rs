use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Execution, MailSlot, News};
use habeas_domain::{
    EventKind, Executions, Request, RequestId, Status, StoreError, Warning, next_look, silent_since,
};
use habeas_lambda::{Metric, Tell, emit};
use serde_json::json;

use crate::{Done, Sweep, again_after};

const STOPPED: &str = "The processing was stopped from outside before it was finished.";
const BROKEN_OFF: &str = "The processing broke off, and could not say why.";
const SILENT: &str = "The processing gave no sign of life for an hour and was stopped.";

/// A mail about an end that cannot be sent for this long is given up.
const TELL_MAX: TimeDelta = TimeDelta::days(1);

impl Sweep {
    /// Brings a request on its way again, or to its end, and tells the operator
    /// where it is late. An index lags behind its rows, so the row decides.
    pub(crate) async fn look(&self, id: RequestId, now: DateTime<Utc>) -> Result<Done, StoreError> {
        let Some(request) = self.table.request(id).await? else { return Ok(Done::NothingToDo) };
        if request.status.has_ended() {
            return self.finish(&request, now).await.map(|()| Done::NothingToDo);
        }
        // A mail that cannot be asked for must not keep a request from its way.
        let warned = match Warning::due(&request, now) {
            Some(warning) => self.warn(&request, warning).await,
            None => Ok(()),
        };
        let done = self.rescue(&request, now).await?;
        warned?;
        Ok(if now >= request.due_at && done == Done::NothingToDo { Done::Overdue } else { done })
    }

    /// Notify writes the warning into the timeline when it has sent the mail.
    /// Until then, every look sends it again, and the mail goes once.
    async fn warn(&self, request: &Request, warning: Warning) -> Result<(), StoreError> {
        let mail = json!({
            "mail": "escalated",
            "account": request.account,
            "request": request.id,
            "warning": warning.name(),
        });
        self.notify.send(&mail).await
    }

    async fn rescue(&self, request: &Request, now: DateTime<Utc>) -> Result<Done, StoreError> {
        match self.machine.execution(&request.id.to_string()).await? {
            Execution::Running if silent_since(request, now).is_some() => {
                self.machine.stop(&request.id.to_string()).await?;
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
            Execution::Silent => self.fail(request, SILENT, now).await,
            Execution::Stopped => self.fail(request, STOPPED, now).await,
            Execution::Ended => self.fail(request, BROKEN_OFF, now).await,
        }
    }

    async fn fail(&self, request: &Request, reason: &str, now: DateTime<Utc>) -> Result<Done, StoreError> {
        match self.table.fail(request, reason, now).await {
            Ok(()) => {
                let failed = Request { status: Status::Failed, ..request.clone() };
                self.finish(&failed, now).await.map(|()| Done::Failed)
            }
            // Somebody wrote between our look and our write: the next sweep sees what.
            Err(StoreError::Conflict) => Ok(Done::NothingToDo),
            Err(fault) => Err(fault),
        }
    }

    /// What the workflow would have done about an end. Notify takes the request
    /// out of the queue when it has told; until then, it is done again, at
    /// growing intervals. What cannot be told in a day is noted as such.
    async fn finish(&self, request: &Request, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mail = request.status.to_string().to_lowercase();
        if self.table.mail_sent(&MailSlot::about_request(request.id, &mail)).await? {
            return self.table.close(request).await;
        }
        let since = now - request.tell_since.unwrap_or(now);
        if since > TELL_MAX {
            return self.give_up(request, &mail, now).await;
        }
        self.table.tell_again(request, now + again_after(since), now).await?;
        let tidied = self.tidy.send(&json!({ "account": request.account, "request": request.id })).await;
        self.notify.ended(request).await?;
        tidied
    }

    async fn give_up(&self, request: &Request, mail: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let news = News { event: EventKind::MailBounced, detail: format!("{mail}, not sent") };
        if self.table.note(request.id, &news, now).await? {
            emit(now, &[(Metric::MailsBounced, 1)]);
        }
        tracing::error!(request = %request.id, "the mail about its end could not be sent");
        self.table.close(request).await
    }
}
