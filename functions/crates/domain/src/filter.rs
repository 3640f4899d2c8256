use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use crate::order::parameter;
use crate::{EmailAddress, FieldError, Kind, Problem, Request, RequestId, Status};

/// Which requests of a history are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; none for all.
    pub statuses: Vec<Status>,
    pub kind: Option<Kind>,
    /// About this person.
    pub subject: Option<EmailAddress>,
    /// Filed by this person.
    pub requestor: Option<EmailAddress>,
    /// Filed on this day (UTC) or later.
    pub from: Option<NaiveDate>,
    /// Filed on this day (UTC) or earlier.
    pub to: Option<NaiveDate>,
}

impl Filter {
    /// What owners and admins can ask for.
    pub const QUERIES: [&str; 6] = ["status", "kind", "subject", "requestor", "from", "to"];
    /// What members can ask for: everything else would be about others.
    pub const MEMBER_QUERIES: [&str; 3] = ["status", "from", "to"];

    /// Reads the filter of an owner or admin.
    pub fn parse<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Problem> {
        let filter = Self {
            statuses: optional(&query, "status")?.into_iter().collect(),
            kind: optional(&query, "kind")?,
            subject: optional(&query, "subject")?,
            requestor: optional(&query, "requestor")?,
            from: optional(&query, "from")?,
            to: optional(&query, "to")?,
        };
        filter.check()
    }

    /// Reads the filter of a member, who knows three statuses and sees what
    /// they filed.
    pub fn parse_own<'q>(
        member: &EmailAddress,
        query: impl Fn(&str) -> Option<&'q str>,
    ) -> Result<Self, Problem> {
        let statuses = match optional(&query, "status")? {
            None => Vec::new(),
            Some(Status::Processing) => vec![Status::Pending, Status::Processing],
            Some(Status::Completed) => vec![Status::Completed],
            Some(Status::Failed) => vec![Status::Failed, Status::Canceled],
            Some(Status::Pending | Status::Canceled) => {
                return Err(bad("status", "one of Processing, Failed and Completed"));
            }
        };
        let (from, to) = (optional(&query, "from")?, optional(&query, "to")?);
        Self { statuses, requestor: Some(member.clone()), from, to, ..Self::default() }.check()
    }

    fn check(self) -> Result<Self, Problem> {
        // A day of the API has four digits for its year (RFC 3339), and ids end in the year 10889.
        for (name, day) in [("from", self.from), ("to", self.to)] {
            if day.is_some_and(|day| day.year() > 9_999) {
                return Err(bad(name, "a day of a year after 9999"));
            }
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => Err(bad("to", "the range ends before it starts")),
            _ => Ok(self),
        }
    }

    /// Whether a request is wanted, apart from the day of its filing: days are
    /// bounds of the ids, see [`Filter::oldest`] and [`Filter::newest`].
    #[must_use]
    pub fn wants(&self, request: &Request) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&request.status))
            && self.kind.is_none_or(|kind| request.kind == kind)
            && self.subject.as_ref().is_none_or(|subject| request.subjects.contains(subject))
            && self.requestor.as_ref().is_none_or(|requestor| request.requestor.email == *requestor)
    }

    /// Whether every request of an index is wanted that fits the filter: then
    /// none is read in vain.
    #[must_use]
    pub fn wants_all(&self) -> bool {
        let people = usize::from(self.subject.is_some()) + usize::from(self.requestor.is_some());
        self.statuses.is_empty() && self.kind.is_none() && people < 2
    }

    /// No request of these days has an id before this one.
    #[must_use]
    pub fn oldest(&self) -> RequestId {
        RequestId::first_of(self.from.unwrap_or(NaiveDate::MIN).and_time(NaiveTime::MIN).and_utc())
    }

    /// No request of these days has an id after this one.
    #[must_use]
    pub fn newest(&self) -> RequestId {
        match self.to.and_then(|day| day.checked_add_days(Days::new(1))) {
            Some(end) => RequestId::last_before(end.and_time(NaiveTime::MIN).and_utc()),
            None => RequestId::LAST,
        }
    }
}

fn optional<'q, T: serde::de::DeserializeOwned>(
    query: &impl Fn(&str) -> Option<&'q str>,
    name: &str,
) -> Result<Option<T>, Problem> {
    query(name).map(|text| parameter(name, text)).transpose()
}

fn bad(name: &str, detail: &str) -> Problem {
    Problem::malformed(format!("The query parameter `{name}` is not acceptable: {detail}."))
        .with(vec![FieldError::new(format!("/{name}"), detail)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::tests::{at, pending};

    fn filter(query: &[(&str, &'static str)]) -> Result<Filter, Problem> {
        Filter::parse(|name| query.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn each_filter_tells_requests_apart() {
        for (query, wanted) in [
            (&[][..], true),
            (&[("status", "Pending")], true),
            (&[("status", "Failed")], false),
            (&[("kind", "export")], true),
            (&[("kind", "delete")], false),
            (&[("subject", "BOB@amber.example")], true),
            (&[("subject", "ana@amber.example")], false),
            (&[("requestor", "ana@amber.example")], true),
            (&[("requestor", "bob@amber.example")], false),
            (&[("requestor", "ana@amber.example"), ("kind", "delete")], false),
        ] {
            assert_eq!(filter(query).unwrap().wants(&pending()), wanted, "{query:?}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_refused() {
        for query in [
            &[("status", "Done")][..],
            &[("status", "pending")],
            &[("kind", "copy")],
            &[("subject", "nobody")],
            &[("from", "2026-02-30")],
            &[("from", "+20000-01-01")],
            &[("from", "2026-01-02"), ("to", "2026-01-01")],
        ] {
            let problem = filter(query).unwrap_err();
            assert_eq!((problem.status, problem.errors.len()), (400, 1), "{query:?}");
        }
    }

    #[test]
    fn members_ask_for_the_three_statuses_they_see() {
        let me = EmailAddress::parse("me@amber.example").unwrap();
        let own = |status: &'static str| Filter::parse_own(&me, |name| (name == "status").then_some(status));
        assert_eq!(own("Processing").unwrap().statuses, [Status::Pending, Status::Processing]);
        assert_eq!(own("Failed").unwrap().statuses, [Status::Failed, Status::Canceled]);
        assert_eq!(own("Completed").unwrap().requestor, Some(me.clone()));
        assert!(own("Pending").is_err() && own("Canceled").is_err());
    }

    proptest! {
        #[test]
        fn days_are_bounds_of_ids(millis in 0_u64..4_102_444_800_000, random in any::<u64>(), day in -20_000_i64..47_000) {
            let id = RequestId::made(millis, random);
            let filed = chrono::DateTime::from_timestamp_millis(i64::try_from(millis).unwrap()).unwrap();
            let day = at("1970-01-01T00:00:00Z").date_naive() + chrono::TimeDelta::days(day);
            let inside = |filter: &Filter| filter.oldest() <= id && id <= filter.newest();
            prop_assert!(inside(&Filter::default()));
            let from = Filter { from: Some(day), ..Filter::default() };
            prop_assert_eq!(inside(&from), filed.date_naive() >= day);
            let to = Filter { to: Some(day), ..Filter::default() };
            prop_assert_eq!(inside(&to), filed.date_naive() <= day);
        }
    }
}
