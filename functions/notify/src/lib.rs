//! Sends the mails about a request: to the person who filed it, and to the
//! operator where it is late.

mod letter;

use chrono::{DateTime, Utc};
use habeas_aws::{MailClaim, MailSlot, Mailer, News, Table, Unsent};
use habeas_domain::{
    AccountId, EmailAddress, EventKind, Request, RequestId, Requests, Status, StoreError, Warning,
};
use habeas_lambda::{Metric, TaskError, emit, names};
use serde::{Deserialize, Deserializer, Serialize};

pub use letter::{Language, Occasion, letter};

/// What telling takes.
#[derive(Debug)]
pub struct Notify {
    pub table: Table,
    pub mailer: Mailer,
    pub language: Language,
    /// Who is told of what is late. Nobody, where the deployment names nobody.
    pub operator: Option<EmailAddress>,
    /// The page a mail points to; the id of the request is appended.
    pub page_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    Received {
        account: AccountId,
        request: RequestId,
    },
    Ended {
        account: AccountId,
        request: RequestId,
    },
    Expiring {
        account: AccountId,
        request: RequestId,
    },
    Escalated {
        account: AccountId,
        request: RequestId,
        #[serde(deserialize_with = "warning")]
        warning: Warning,
    },
}

/// Whether this invocation sent the mail.
#[derive(Debug, Serialize)]
pub struct Told {
    sent: bool,
}

impl Notify {
    /// Sends one mail, unless it has been sent before. What it says comes from
    /// the request's row: an end that did not happen is never told.
    pub async fn tell(&self, input: &Input, now: DateTime<Utc>) -> Result<Told, TaskError> {
        let (account, id) = input.about();
        let found = self.table.get(account, id).await?;
        let request = found.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The request is gone."))?;
        if request.status.has_ended() && matches!(input, Input::Received { .. } | Input::Escalated { .. }) {
            // The mail about its end says more than that it was received, or is late.
            return Ok(Told { sent: false });
        }
        let occasion = occasion(input, &request)
            .ok_or_else(|| TaskError::new(names::INCOMPLETE, "What the mail is to say did not happen."))?;
        let Some(recipient) = self.recipient(occasion, &request) else {
            tracing::warn!(request = %id, mail = occasion.name(), "no operator is named to tell");
            self.remember(occasion, &request, ", nobody is named to be told", now).await?;
            return Ok(Told { sent: false });
        };
        let sent = match self.table.claim_mail(&MailSlot::about_request(id, &occasion.name()), now).await? {
            MailClaim::Sent => false,
            MailClaim::Theirs => {
                return Err(TaskError::new(names::UNAVAILABLE, "The mail is being sent just now."));
            }
            MailClaim::Ours => {
                self.send(occasion, &request, recipient, now).await?;
                true
            }
        };
        self.remember(occasion, &request, "", now).await?;
        Ok(Told { sent })
    }

    /// What follows from a mail that was sent. Done again, it does nothing.
    async fn remember(
        &self,
        occasion: Occasion,
        request: &Request,
        how: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match occasion {
            // Whoever filed it knows how it ended: nothing is left to do for it.
            Occasion::Completed | Occasion::Failed | Occasion::Canceled => self.table.close(request).await,
            Occasion::Escalated(warning) => {
                let news = News { event: EventKind::Escalated, detail: format!("{}{how}", warning.name()) };
                if self.table.note(request.id, &news, now).await? {
                    emit(now, &[(Metric::RequestsEscalated, 1)]);
                }
                Ok(())
            }
            Occasion::Received | Occasion::Expiring => Ok(()),
        }
    }

    fn recipient<'a>(&'a self, occasion: Occasion, request: &'a Request) -> Option<&'a EmailAddress> {
        match occasion {
            Occasion::Escalated(_) => self.operator.as_ref(),
            _ => Some(&request.requestor.email),
        }
    }

    async fn send(
        &self,
        occasion: Occasion,
        request: &Request,
        recipient: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<(), TaskError> {
        let letter = letter(occasion, request, self.language, &self.page_url).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The mail cannot be written.").because(error)
        })?;
        let (mail, about) = (occasion.name(), request.id.to_string());
        let slot = MailSlot::about_request(request.id, &mail);
        match self.mailer.send(recipient, &letter, &[("request", &about), ("occasion", &mail)]).await {
            Ok(message_id) => Ok(self.table.mark_mail(&slot, &message_id, now).await?),
            // Nobody has it: the next try need not wait for the claim's end.
            Err(Unsent::Refused(fault)) => {
                self.table.release_mail(&slot).await?;
                Err(fault.into())
            }
            Err(Unsent::Unknown(fault)) => Err(fault.into()),
        }
    }
}

impl Input {
    fn about(&self) -> (&AccountId, RequestId) {
        match self {
            Self::Received { account, request }
            | Self::Ended { account, request }
            | Self::Expiring { account, request }
            | Self::Escalated { account, request, .. } => (account, *request),
        }
    }
}

fn warning<'de, D: Deserializer<'de>>(name: D) -> Result<Warning, D::Error> {
    let name = String::deserialize(name)?;
    Warning::parse(&name).ok_or_else(|| serde::de::Error::custom("no such warning"))
}

fn occasion(input: &Input, request: &Request) -> Option<Occasion> {
    match (input, request.status) {
        (Input::Received { .. }, _) => Some(Occasion::Received),
        (Input::Ended { .. }, Status::Completed) => Some(Occasion::Completed),
        (Input::Ended { .. }, Status::Failed) => Some(Occasion::Failed),
        (Input::Ended { .. }, Status::Canceled) => Some(Occasion::Canceled),
        (Input::Ended { .. }, Status::Pending | Status::Processing) => None,
        (Input::Expiring { .. }, _) => request.archive.as_ref().map(|_| Occasion::Expiring),
        (Input::Escalated { warning, .. }, _) => Some(Occasion::Escalated(*warning)),
    }
}

#[cfg(test)]
mod tests {
    use habeas_domain::Archive;
    use habeas_testkit::{at, events, request};

    use super::*;

    fn ended() -> Input {
        serde_json::from_str(include_str!("../../../events/notify/ended.json")).unwrap()
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("notify") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_mail_and_the_request() {
        assert!(matches!(ended(), Input::Ended { .. }));
        assert_eq!(ended().about(), (&request().account, request().id));
    }

    #[test]
    fn an_end_that_did_not_happen_is_not_told() {
        for status in [Status::Pending, Status::Processing] {
            assert_eq!(occasion(&ended(), &Request { status, ..request() }), None);
        }
    }

    #[test]
    fn the_mail_about_the_end_says_how_the_row_ended() {
        for (status, told) in [
            (Status::Completed, Occasion::Completed),
            (Status::Failed, Occasion::Failed),
            (Status::Canceled, Occasion::Canceled),
        ] {
            assert_eq!(occasion(&ended(), &Request { status, ..request() }), Some(told));
        }
    }

    #[test]
    fn only_an_archive_that_is_there_expires_soon() {
        let expiring: Input =
            serde_json::from_str(include_str!("../../../events/notify/expiring.json")).unwrap();
        assert_eq!(occasion(&expiring, &request()), None);
        let expires_at = at("2026-04-05T10:00:00Z");
        let archive = Archive {
            key: "1".into(),
            residency: habeas_domain::Residency::Us,
            bytes: 1,
            expires_at,
            removed_at: None,
            withdrawn_by: None,
        };
        let with_archive = Request { archive: Some(archive), ..request() };
        assert_eq!(occasion(&expiring, &with_archive), Some(Occasion::Expiring));
    }

    #[test]
    fn a_warning_goes_by_its_name() {
        let escalated: Input =
            serde_json::from_str(include_str!("../../../events/notify/escalated.json")).unwrap();
        assert_eq!(occasion(&escalated, &request()), Some(Occasion::Escalated(Warning::SevenDays)));
    }
}
