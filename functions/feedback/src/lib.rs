//! Records on a request that a mail about it came back, or was called spam.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use habeas_aws::Table;
use habeas_domain::{EventKind, Request, RequestId, StoreError};
use habeas_lambda::{Metric, TaskError, emit, names};
use serde::Deserialize;
use serde_json::{Value, json};

/// How often a note is tried that another line of the timeline overtakes.
const ATTEMPTS_MAX: u32 = 5;

/// The most that a request remembers of its mails: the rest of its timeline is
/// for what people do.
const NOTES_MAX: usize = 50;

/// Where requests are.
#[derive(Debug)]
pub struct Feedback {
    pub table: Table,
}

/// What SES says of a mail. The addresses in it are not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: EventType,
    mail: Mail,
    bounce: Option<Bounce>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum EventType {
    Bounce,
    Complaint,
}

#[derive(Debug, Deserialize)]
struct Mail {
    tags: Tags,
}

/// SES hands each tag back as a list.
#[derive(Debug, Deserialize)]
struct Tags {
    request: [RequestId; 1],
    occasion: [String; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
}

/// A line for the timeline of a request.
#[derive(Debug, PartialEq, Eq)]
struct Note {
    request: RequestId,
    event: EventKind,
    detail: String,
}

impl Feedback {
    /// Takes in one event. EventBridge may deliver it more than once.
    pub async fn record(
        &self,
        event: EventBridgeEvent<Value>,
        now: DateTime<Utc>,
    ) -> Result<Value, TaskError> {
        let note = read(event.detail)?;
        let recorded = self.note(&note, now).await?;
        if recorded {
            let metric = match note.event {
                EventKind::MailBounced => Metric::MailsBounced,
                _ => Metric::MailsComplained,
            };
            emit(now, &[(metric, 1)]);
        }
        Ok(json!({ "recorded": recorded }))
    }

    async fn note(&self, note: &Note, now: DateTime<Utc>) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let request = self.table.request(note.request).await?;
            let Some(request) = request.filter(|request| is_news(request, note)) else { return Ok(false) };
            let noted = request.with_event(now, note.event, None, Some(note.detail.clone()));
            match self.table.append(&noted).await {
                Err(StoreError::Conflict) => {}
                written => return written.map(|()| true),
            }
        }
        Err(StoreError::Unavailable("others kept writing to the request".into()))
    }
}

fn is_news(request: &Request, note: &Note) -> bool {
    let of_mails = |kind: EventKind| matches!(kind, EventKind::MailBounced | EventKind::MailComplained);
    let known = request.timeline.events().iter().filter(|event| of_mails(event.event));
    let same = |detail: Option<&str>| detail == Some(note.detail.as_str());
    known.clone().count() < NOTES_MAX
        && !known.clone().any(|event| event.event == note.event && same(event.detail.as_deref()))
}

fn read(detail: Value) -> Result<Note, TaskError> {
    let detail: Detail = serde_json::from_value(detail).map_err(|error| {
        TaskError::new(names::BAD_EVENT, "The event is not one of SES about a mail of ours.").because(error)
    })?;
    let [request] = detail.mail.tags.request;
    let [occasion] = detail.mail.tags.occasion;
    Ok(match (detail.event_type, detail.bounce) {
        (EventType::Bounce, Some(bounce)) => {
            let detail = format!("{occasion}, {}", bounce.bounce_type.to_lowercase());
            Note { request, event: EventKind::MailBounced, detail }
        }
        (EventType::Bounce, None) => Note { request, event: EventKind::MailBounced, detail: occasion },
        (EventType::Complaint, _) => Note { request, event: EventKind::MailComplained, detail: occasion },
    })
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{at, events, request};

    use super::*;

    fn read_text(text: &str) -> Result<Note, TaskError> {
        read(serde_json::from_str::<EventBridgeEvent<Value>>(text).unwrap().detail)
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("feedback") {
            let name = read_text(&event.text).map_err(|error| error.name()).err();
            assert_eq!(name, event.is_rejected().then_some(names::BAD_EVENT), "{}", event.case);
        }
    }

    #[test]
    fn a_bounce_says_which_mail_and_whether_for_good() {
        let note = read_text(include_str!("../../../events/feedback/bounce.json")).unwrap();
        let expected = Note {
            request: request().id,
            event: EventKind::MailBounced,
            detail: "received, permanent".into(),
        };
        assert_eq!(note, expected);
    }

    #[test]
    fn the_same_is_noted_once() {
        let note = read_text(include_str!("../../../events/feedback/complaint.json")).unwrap();
        assert!(is_news(&request(), &note));
        let noted =
            request().with_event(at("2026-01-05T11:00:00Z"), note.event, None, Some(note.detail.clone()));
        assert!(!is_news(&noted, &note));
    }

    #[test]
    fn a_refusal_repeats_no_address() {
        let event = include_str!("../../../events/feedback/rejected-no-tags.json");
        let refusal = read_text(event).unwrap_err();
        assert!(!refusal.to_string().contains('@'));
    }
}
