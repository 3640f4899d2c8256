use chrono::{DateTime, TimeDelta, Utc};

use crate::{EventKind, Request, Status};

/// A workflow gets this long to start, or to write its end, before it is looked for.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// A request that is being processed gives a sign of life at least this often:
/// its longest task runs a quarter of an hour, and says so when it starts.
const SILENCE_MAX: TimeDelta = TimeDelta::hours(1);

/// A request that is being processed is looked at this often: so long it may
/// have lost its execution without anybody knowing.
const LOOKS_APART: TimeDelta = TimeDelta::minutes(5);

/// How near the due date of a request is that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    SevenDays,
    ThreeDays,
    OneDay,
    Breached,
}

impl Warning {
    const ALL: [Self; 4] = [Self::SevenDays, Self::ThreeDays, Self::OneDay, Self::Breached];

    /// How long before the due date the operator is told.
    fn before(self) -> TimeDelta {
        match self {
            Self::SevenDays => TimeDelta::days(7),
            Self::ThreeDays => TimeDelta::days(3),
            Self::OneDay => TimeDelta::days(1),
            Self::Breached => TimeDelta::zero(),
        }
    }

    /// The detail of its event, and part of the name of its mail.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SevenDays => "7-days-left",
            Self::ThreeDays => "3-days-left",
            Self::OneDay => "1-day-left",
            Self::Breached => "overdue",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        // A note may say more behind a comma.
        let name = name.split(',').next().unwrap_or_default();
        Self::ALL.into_iter().find(|warning| warning.name() == name)
    }

    /// The gravest warning that is due for a request and that its timeline does
    /// not have yet. What a graver one says is not said afterwards.
    #[must_use]
    pub fn due(request: &Request, now: DateTime<Utc>) -> Option<Self> {
        if request.status.has_ended() {
            return None;
        }
        let told = request.timeline.events().iter().filter(|event| event.event == EventKind::Escalated);
        let told = told.filter_map(|event| Self::parse(event.detail.as_deref()?)).max();
        let reached = Self::ALL.into_iter().rfind(|warning| now >= request.due_at - warning.before())?;
        told.is_none_or(|told| told < reached).then_some(reached)
    }
}

/// Whole days until the answer is due; negative when it is late.
#[must_use]
pub fn days_left(request: &Request, now: DateTime<Utc>) -> i64 {
    (request.due_at - now).num_seconds().div_euclid(86_400)
}

/// When the request was last heard of, where that is too long ago.
#[must_use]
pub fn silent_since(request: &Request, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let heard = last_sign(request);
    (now >= heard + SILENCE_MAX).then_some(heard)
}

fn last_sign(request: &Request) -> DateTime<Utc> {
    let own = request.timeline.events().iter().rev().find(|event| {
        matches!(
            event.event,
            EventKind::Filed | EventKind::Started | EventKind::Completed | EventKind::Failed
        )
    });
    let event = own.map_or(request.created_at, |event| event.at);
    let waiting = if request.status == Status::Pending { request.starts_at } else { event };
    event.max(waiting).max(request.alive_at.unwrap_or(event))
}

/// When the sweep has to look at an open request again.
#[must_use]
pub fn next_look(request: &Request, now: DateTime<Utc>) -> DateTime<Utc> {
    let silence = last_sign(request) + SILENCE_MAX;
    let start = (request.status == Status::Pending).then(|| request.starts_at + PATIENCE);
    let warnings = Warning::ALL.map(|warning| request.due_at - warning.before());
    let later = warnings.into_iter().chain(start).chain([silence]).filter(|at| *at > now).min();
    // While it waits, nothing of it can break but its execution: that is seen to at the start.
    let soon = if now < request.starts_at { request.starts_at + PATIENCE } else { now + LOOKS_APART };
    later.map_or(soon, |at| at.min(soon))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::{at, pending};

    fn processing() -> Request {
        let request = pending();
        let started = request.starts_at;
        Request { status: Status::Processing, ..request }.with_event(started, EventKind::Started, None, None)
    }

    #[test]
    fn every_warning_is_given_once_and_the_gravest_first() {
        // Due on 4 February at ten.
        let mut request = processing();
        assert_eq!(Warning::due(&request, at("2026-01-28T09:59:59Z")), None);
        for (now, warning) in [
            ("2026-01-28T10:00:00Z", Warning::SevenDays),
            ("2026-02-03T10:00:00Z", Warning::OneDay),
            ("2026-02-04T10:00:00Z", Warning::Breached),
        ] {
            assert_eq!(Warning::due(&request, at(now)), Some(warning), "{now}");
            let name = warning.name().to_owned();
            request = request.with_event(at(now), EventKind::Escalated, None, Some(name));
            assert_eq!(Warning::due(&request, at(now)), None, "{now}");
        }
        assert_eq!(Warning::due(&request, at("2027-01-01T00:00:00Z")), None);
    }

    #[test]
    fn what_has_ended_is_not_late() {
        let request = Request { status: Status::Completed, ..processing() };
        assert_eq!(Warning::due(&request, at("2027-01-01T00:00:00Z")), None);
    }

    #[test]
    fn days_are_counted_whole() {
        let request = pending();
        for (now, left) in [
            ("2026-01-05T10:00:00Z", 30),
            ("2026-01-05T10:00:01Z", 29),
            ("2026-02-03T10:00:01Z", 0),
            ("2026-02-04T10:00:01Z", -1),
        ] {
            assert_eq!(days_left(&request, at(now)), left, "{now}");
        }
    }

    #[test]
    fn an_hour_without_a_sign_of_life_is_too_long() {
        let started = processing();
        assert_eq!(silent_since(&started, at("2026-01-05T11:04:59Z")), None);
        assert_eq!(silent_since(&started, at("2026-01-05T11:05:00Z")), Some(started.starts_at));
        let alive = Request { alive_at: Some(at("2026-01-05T11:00:00Z")), ..started };
        assert_eq!(silent_since(&alive, at("2026-01-05T11:59:59Z")), None);
    }

    #[test]
    fn a_request_that_waits_is_not_silent() {
        let waiting = Request { starts_at: at("2026-01-05T14:00:00Z"), ..pending() };
        assert_eq!(silent_since(&waiting, at("2026-01-05T13:59:59Z")), None);
        assert_eq!(next_look(&waiting, at("2026-01-05T10:01:00Z")), at("2026-01-05T14:01:00Z"));
    }

    #[test]
    fn a_mail_that_came_back_is_no_sign_of_life() {
        let started = processing();
        let later = at("2026-01-05T11:04:00Z");
        let bounced = started.with_event(later, EventKind::MailBounced, None, Some("received".into()));
        assert!(silent_since(&bounced, at("2026-01-05T11:05:00Z")).is_some());
    }

    #[test]
    fn the_next_look_is_always_ahead_and_never_far() {
        for request in [pending(), processing()] {
            let mut now = request.created_at;
            while now < at("2026-02-04T11:00:00Z") {
                let next = next_look(&request, now);
                assert!(next > now && (now < request.starts_at || next <= now + LOOKS_APART), "{now}");
                now = next;
            }
        }
    }
}
