//! Removes what a request leaves behind when it has ended.

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Buckets, Table, WorkKeys};
use habeas_domain::{AccountId, Kind, RequestId, Requests, Status};
use habeas_lambda::TaskError;
use serde::Deserialize;
use serde_json::{Value, json};

/// After so long another follow-up is filed of what a hold had kept, where one failed.
const FOLLOW_UP_AGAIN: TimeDelta = TimeDelta::days(1);

/// Where things are left behind.
#[derive(Debug)]
pub struct Tidy {
    pub table: Table,
    pub work: Buckets,
    pub archives: Buckets,
}

#[derive(Debug, Deserialize)]
pub struct Input {
    account: AccountId,
    request: RequestId,
}

impl Tidy {
    /// Deletes the work objects and open uploads, and the archive of a request
    /// that did not complete: what nobody can ask for is not kept.
    pub async fn tidy(&self, input: &Input, now: DateTime<Utc>) -> Result<Value, TaskError> {
        let request = self.table.get(&input.account, input.request).await?;
        if let Some(request) = &request {
            // A place that nobody can get at must not pass for tidy.
            self.work.of(request.kept_in())?;
        }
        for bucket in self.work.all() {
            bucket.abort_uploads(&WorkKeys::new(input.request).segments()).await?;
            bucket.delete_prefix(WorkKeys::new(input.request).prefix()).await?;
        }
        if let Some(request) = request.as_ref().filter(|request| request.kind == Kind::Delete) {
            self.table.end_erasing(&request.account, request.id).await?;
            // What a hold had kept must not stay for ever because a source was down once.
            if let (Some(original), Status::Failed) = (request.follows, request.status) {
                let at = now + FOLLOW_UP_AGAIN;
                self.table.reopen_held(&request.account, original, request.id, at).await?;
            }
        }
        let completed = request.is_some_and(|request| request.status == Status::Completed);
        for bucket in self.archives.all() {
            bucket.abort_uploads(&WorkKeys::archive(input.request)).await?;
            if !completed {
                bucket.delete_versions_under(&WorkKeys::archives(input.request)).await?;
            }
        }
        if !completed {
            self.table.remove_archive(input.request).await?;
        }
        Ok(json!({}))
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("tidy") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_request() {
        let input: Input = serde_json::from_str(include_str!("../../../events/tidy/request.json")).unwrap();
        assert_eq!((&input.account, input.request), (&request().account, request().id));
    }
}
