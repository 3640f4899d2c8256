use chrono::{DateTime, Utc};
use habeas_aws::{HeldBefore, News};
use habeas_domain::{EventKind, Executions, StoreError, follow_up};
use habeas_lambda::chain;

use crate::{Done, Sweep};

impl Sweep {
    /// Files the deletion of what a released hold had kept, and starts it. Where
    /// two sweeps are at it, one files it. What comes after the filing is only
    /// sooner: the sweep starts what was not started, and either request says
    /// which the other is.
    pub(crate) async fn follow_up(&self, held: &HeldBefore, now: DateTime<Utc>) -> Result<Done, StoreError> {
        // An index lags behind its rows.
        if held.note.follow_up.is_some() {
            return Ok(Done::NothingToDo);
        }
        let request = follow_up(&held.original, (self.stamp)(), self.deletion_wait);
        match self.table.file_follow_up(&request, &held.note).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Ok(Done::NothingToDo),
            Err(fault) => return Err(fault),
        }
        let (id, of) = (request.id, held.note.request);
        tracing::info!(request = %id, follows = %of, "follow-up filed");
        let news = News { event: EventKind::FollowUpFiled, detail: id.to_string() };
        if let Err(fault) = self.table.note(of, &news, now).await {
            tracing::warn!(request = %of, error = chain(&fault), "its timeline does not name the follow-up");
        }
        if let Err(fault) = self.machine.start(&request).await {
            tracing::error!(request = %id, error = chain(&fault), "workflow not started; a sweep will");
        }
        Ok(Done::FollowedUp)
    }
}
