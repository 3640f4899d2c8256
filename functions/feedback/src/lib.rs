//! Records on a request that a mail about it came back, or was called spam.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use habeas_aws::{News, Table};
use habeas_domain::{EventKind, RequestId};
use habeas_lambda::{Metric, TaskError, emit, names};
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// Absent where the mail is about no request.
    request: Option<[RequestId; 1]>,
    occasion: [String; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
}

impl Feedback {
    /// Takes in one event. EventBridge may deliver it more than once.
    pub async fn record(
        &self,
        event: EventBridgeEvent<Value>,
        now: DateTime<Utc>,
    ) -> Result<Value, TaskError> {
        let (request, news) = read(event.detail)?;
        let recorded = match request {
            Some(request) => self.table.note(request, &news, now).await?,
            None => true,
        };
        if recorded {
            let metric = match news.event {
                EventKind::MailBounced => Metric::MailsBounced,
                _ => Metric::MailsComplained,
            };
            emit(now, &[(metric, 1)]);
        }
        Ok(json!({ "recorded": recorded }))
    }
}

fn read(detail: Value) -> Result<(Option<RequestId>, News), TaskError> {
    let detail: Detail = serde_json::from_value(detail).map_err(|error| {
        TaskError::new(names::BAD_EVENT, "The event is not one of SES about a mail of ours.").because(error)
    })?;
    let request = detail.mail.tags.request.map(|[request]| request);
    let [occasion] = detail.mail.tags.occasion;
    let news = match (detail.event_type, detail.bounce) {
        (EventType::Bounce, Some(bounce)) => {
            let detail = format!("{occasion}, {}", bounce.bounce_type.to_lowercase());
            News { event: EventKind::MailBounced, detail }
        }
        (EventType::Bounce, None) => News { event: EventKind::MailBounced, detail: occasion },
        (EventType::Complaint, _) => News { event: EventKind::MailComplained, detail: occasion },
    };
    Ok((request, news))
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    fn read_text(text: &str) -> Result<(Option<RequestId>, News), TaskError> {
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
        let read = read_text(include_str!("../../../events/feedback/bounce.json")).unwrap();
        let news = News { event: EventKind::MailBounced, detail: "received, permanent".into() };
        assert_eq!(read, (Some(request().id), news));
    }

    #[test]
    fn a_refusal_repeats_no_address() {
        let event = include_str!("../../../events/feedback/rejected-no-tags.json");
        let refusal = read_text(event).unwrap_err();
        assert!(!refusal.to_string().contains('@'));
    }
}
