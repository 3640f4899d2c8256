use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Digest, EmailAddress, RequestId};

/// What happened to a request, from its filing on, as a chain of hashes.
///
/// Each event's hash covers the event, the request's id and the hash before
/// it, so that a changed, removed, added or reordered event is found. The
/// workflow appends events too and hashes the same text (see
/// `statemachines/privacy-request.asl.json`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline {
    events: Vec<Event>,
}

/// One line of a request's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    #[serde(with = "seconds")]
    pub at: DateTime<Utc>,
    pub event: EventKind,
    /// The e-mail address of the person who did it; absent where Habeas did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the kind does not say: which mail came back, how late it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub hash: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Filed,
    Revoked,
    Started,
    Completed,
    Failed,
    LinkMinted,
    /// The archive was removed because its time was over.
    Expired,
    /// The archive was moved to where the account's data are to be kept.
    ArchiveMoved,
    /// The operator was told that the answer is due soon, or late.
    Escalated,
    /// What a legal hold had kept from being erased is to be erased: another
    /// request was filed for it, whose id is the detail.
    FollowUpFiled,
    /// A mail could not be delivered.
    MailBounced,
    /// A recipient called a mail spam.
    MailComplained,
}

/// The first event that does not fit to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("event {number} of the timeline is not the one that was written")]
pub struct BrokenChain {
    /// Counted from 1.
    pub number: usize,
}

impl Timeline {
    /// The timeline of a request that was filed just now.
    #[must_use]
    pub fn begin(id: RequestId, at: DateTime<Utc>, by: &EmailAddress) -> Self {
        let mut timeline = Self::default();
        timeline.append(id, at, EventKind::Filed, Some(by), None);
        timeline
    }

    pub fn append(
        &mut self,
        id: RequestId,
        at: DateTime<Utc>,
        event: EventKind,
        by: Option<&EmailAddress>,
        detail: Option<String>,
    ) {
        let by = by.map(|by| by.as_str().to_owned());
        let mut event = Event { at, event, by, detail, hash: Digest::default() };
        event.hash = event.link(id, self.head());
        self.events.push(event);
    }

    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    #[must_use]
    pub fn last(&self) -> Option<&Event> {
        self.events.last()
    }

    /// The hash of the last event. Whoever appends says which head they saw.
    #[must_use]
    pub fn head(&self) -> &str {
        self.events.last().map_or("", |event| event.hash.as_str())
    }

    /// The head that whoever appended the last event had seen.
    #[must_use]
    pub fn seen_head(&self) -> &str {
        let before = self.events.len().checked_sub(2).and_then(|index| self.events.get(index));
        before.map_or("", |event| event.hash.as_str())
    }

    /// Whether this timeline goes on from another one's head.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        other.events.last().is_none_or(|last| self.events.iter().any(|event| event.hash == last.hash))
    }

    /// Recomputes the chain of hashes.
    pub fn verify(&self, id: RequestId) -> Result<(), BrokenChain> {
        let mut head = "";
        for (index, event) in self.events.iter().enumerate() {
            if event.link(id, head) != event.hash {
                return Err(BrokenChain { number: index + 1 });
            }
            head = event.hash.as_str();
        }
        Ok(())
    }
}

impl Event {
    /// The hash of the event's canonical text: compact JSON (RFC 8259), members
    /// in order of name, absent ones left out.
    fn link(&self, id: RequestId, prev: &str) -> Digest {
        let mut text = json!({
            "at": seconds::text(self.at),
            "event": self.event,
            "prev": prev,
            "request": id,
        });
        if let Some(by) = &self.by {
            text["by"] = json!(by);
        }
        if let Some(detail) = &self.detail {
            text["detail"] = json!(detail);
        }
        Digest::of(&text.to_string())
    }
}

/// Times with one spelling: what is hashed is what is stored.
pub(crate) mod seconds {
    use serde::{Deserializer, Serializer};

    use super::{DateTime, Deserialize, SecondsFormat, Utc};

    pub(crate) fn text(at: DateTime<Utc>) -> String {
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    pub(crate) fn serialize<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(*at))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "019b8d3a-0000-7000-8000-000000000001";

    fn timeline(events: usize) -> Timeline {
        let by = EmailAddress::parse("ana@amber.example").unwrap();
        let id = RequestId::parse(ID).unwrap();
        let mut timeline = Timeline::begin(id, "2026-01-05T10:00:00Z".parse().unwrap(), &by);
        for minute in 1..events {
            let at = "2026-01-05T10:00:00Z".parse::<DateTime<Utc>>().unwrap();
            let at = at + chrono::TimeDelta::minutes(minute as i64);
            timeline.append(id, at, EventKind::LinkMinted, Some(&by), None);
        }
        timeline
    }

    #[test]
    fn the_hash_is_the_one_that_jq_and_sha256sum_compute() {
        let text = r#"{"at":"2026-01-05T10:00:00Z","by":"ana@amber.example","event":"filed","prev":"","request":"019b8d3a-0000-7000-8000-000000000001"}"#;
        assert_eq!(timeline(1).head(), Digest::of(text).as_str());
    }

    #[test]
    fn members_are_hashed_in_order_of_name() {
        // serde_json sorts an object's members unless a crate asks it to keep their order.
        assert_eq!(json!({"b": 1, "a": 2}).to_string(), r#"{"a":2,"b":1}"#);
    }

    proptest! {
        #[test]
        fn any_change_of_an_event_is_found_where_it_is(events in 1_usize..8, which in 0_usize..8, how in 0..5) {
            let id = RequestId::parse(ID).unwrap();
            let mut timeline = timeline(events);
            prop_assert_eq!(timeline.verify(id), Ok(()));
            let which = which % events;
            let event = &mut timeline.events[which];
            match how {
                0 => event.at += chrono::TimeDelta::seconds(1),
                1 => event.by = None,
                2 => event.event = EventKind::Failed,
                3 => event.detail = Some(String::new()),
                _ => event.hash = Digest::of("something else"),
            }
            prop_assert_eq!(timeline.verify(id), Err(BrokenChain { number: which + 1 }));
        }

        #[test]
        fn an_event_taken_out_or_moved_is_found(events in 3_usize..8, which in 0_usize..8) {
            let id = RequestId::parse(ID).unwrap();
            let whole = timeline(events);
            let which = which % (events - 1);
            let mut without = whole.clone();
            without.events.remove(which);
            prop_assert_eq!(without.verify(id), Err(BrokenChain { number: which + 1 }));
            let mut moved = whole;
            moved.events.swap(which, which + 1);
            prop_assert_eq!(moved.verify(id), Err(BrokenChain { number: which + 1 }));
        }
    }

    #[test]
    fn a_timeline_of_another_request_does_not_verify() {
        let other = RequestId::parse("019b8d3a-0000-7000-8000-000000000002").unwrap();
        assert_eq!(timeline(2).verify(other), Err(BrokenChain { number: 1 }));
    }
}
