//! Sends the mails about a request to the person who filed it.

mod letter;

use chrono::{DateTime, Utc};
use habeas_aws::{Mailer, Table};
use habeas_domain::{AccountId, Request, RequestId, Requests, Status};
use habeas_lambda::{TaskError, names};
use serde::{Deserialize, Serialize};

pub use letter::{Occasion, letter};

/// What telling takes.
#[derive(Debug)]
pub struct Notify {
    pub table: Table,
    pub mailer: Mailer,
    /// The page a mail points to; the id of the request is appended.
    pub page_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    mail: Mail,
    account: AccountId,
    request: RequestId,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mail {
    Received,
    Ended,
}

/// Whether this invocation sent the mail, or an earlier one had.
#[derive(Debug, Serialize)]
pub struct Told {
    sent: bool,
}

impl Notify {
    /// Sends one mail, unless it has been sent before. What it says comes from
    /// the request's row: an end that did not happen is never told.
    pub async fn tell(&self, input: &Input, now: DateTime<Utc>) -> Result<Told, TaskError> {
        let found = self.table.get(&input.account, input.request).await?;
        let request = found.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The request is gone."))?;
        let occasion = occasion(input.mail, &request)
            .ok_or_else(|| TaskError::new(names::INCOMPLETE, "The request has not ended."))?;
        if self.table.mail_sent(request.id, occasion.name()).await? {
            return Ok(Told { sent: false });
        }
        let letter = letter(occasion, &request, &self.page_url).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The mail cannot be written.").because(error)
        })?;
        let message_id = self.mailer.send(&request.requestor.email, &letter).await?;
        self.table.mark_mail(request.id, occasion.name(), &message_id, now).await?;
        Ok(Told { sent: true })
    }
}

fn occasion(mail: Mail, request: &Request) -> Option<Occasion> {
    match (mail, request.status) {
        (Mail::Received, _) => Some(Occasion::Received),
        (Mail::Ended, Status::Completed) => Some(Occasion::Completed),
        (Mail::Ended, Status::Failed) => Some(Occasion::Failed),
        (Mail::Ended, Status::Canceled) => Some(Occasion::Canceled),
        (Mail::Ended, Status::Pending | Status::Processing) => None,
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("notify") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_mail_and_the_request() {
        let input: Input = serde_json::from_str(include_str!("../../../events/notify/ended.json")).unwrap();
        assert!(matches!(input.mail, Mail::Ended));
        assert_eq!((&input.account, input.request), (&request().account, request().id));
    }

    #[test]
    fn an_end_that_did_not_happen_is_not_told() {
        for status in [Status::Pending, Status::Processing] {
            let request = Request { status, ..request() };
            assert_eq!(occasion(Mail::Ended, &request), None);
            assert_eq!(occasion(Mail::Received, &request), Some(Occasion::Received));
        }
    }

    #[test]
    fn the_mail_about_the_end_says_how_the_row_ended() {
        for (status, told) in [
            (Status::Completed, Occasion::Completed),
            (Status::Failed, Occasion::Failed),
            (Status::Canceled, Occasion::Canceled),
        ] {
            assert_eq!(occasion(Mail::Ended, &Request { status, ..request() }), Some(told));
        }
    }
}
