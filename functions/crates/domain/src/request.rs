use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Action, DataType, DateRange, EmailAddress, EventKind, Kind, Member, Place, Previewed,
    RequestId, Residency, Role, Status, Timeline, may,
};

/// A filed request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    pub account: AccountId,
    pub kind: Kind,
    pub status: Status,
    pub subjects: Vec<EmailAddress>,
    pub data_types: Vec<DataType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_range: Option<DateRange>,
    pub requestor: Requestor,
    /// What a deletion was filed on the strength of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Previewed>,
    /// The deletion whose held records it is to erase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<RequestId>,
    pub created_at: DateTime<Utc>,
    /// When the workflow stops waiting; until then the request can be revoked.
    pub starts_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
    /// Records per person and data type: exported, or erased.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: Counts,
    /// Where its work data and its archive are kept. Set for good when its
    /// processing begins, and absent where there is no choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residency: Option<Residency>,
    /// When a task last said that it is at work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_at: Option<DateTime<Utc>>,
    /// Since when the sweep has tried to have it told how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_since: Option<DateTime<Utc>>,
    /// Empty in lists, which do not carry it.
    #[serde(default)]
    pub timeline: Timeline,
}

/// Records by person and data type.
pub type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Who filed the request, as of the time of filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requestor {
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
}

/// The finished archive of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    pub key: String,
    #[serde(default)]
    pub residency: Residency,
    pub bytes: u64,
    /// From this moment on the download answers 410.
    pub expires_at: DateTime<Utc>,
    /// When the file was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<DateTime<Utc>>,
    /// The deletion that ended it before its time, because it was about somebody
    /// whom the archive was about too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<RequestId>,
}

impl Archive {
    #[must_use]
    pub fn place(&self) -> Place {
        Place { residency: self.residency, key: self.key.clone() }
    }
}

/// A revoke that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is {status} and can no longer be revoked")]
pub struct NotRevocable {
    pub status: Status,
}

impl Request {
    /// Takes the request back, while it has not started.
    pub fn revoke(mut self, by: &EmailAddress, at: DateTime<Utc>) -> Result<Self, NotRevocable> {
        if !self.is_revocable(at) {
            return Err(NotRevocable { status: self.status });
        }
        self.status = Status::Canceled;
        self.ended_at = Some(at);
        self.timeline.append(self.id, at, EventKind::Revoked, Some(by), None);
        Ok(self)
    }

    /// Adds an event that changes nothing else.
    #[must_use]
    pub fn with_event(
        mut self,
        at: DateTime<Utc>,
        event: EventKind,
        by: Option<&EmailAddress>,
        detail: Option<String>,
    ) -> Self {
        self.timeline.append(self.id, at, event, by, detail);
        self
    }

    /// Notes that the file of the archive is gone. Nothing where that is known already.
    #[must_use]
    pub fn with_archive_removed(mut self, at: DateTime<Utc>) -> Option<Self> {
        let archive = self.archive.as_mut().filter(|archive| archive.removed_at.is_none())?;
        archive.removed_at = Some(at);
        Some(self.with_event(at, EventKind::Expired, None, None))
    }

    /// Ends its archive at once, because a deletion was about somebody whom the
    /// archive is about. Nothing where the file is gone already.
    #[must_use]
    pub fn with_archive_withdrawn(mut self, by: RequestId, at: DateTime<Utc>) -> Option<Self> {
        let archive = self.archive.as_mut().filter(|archive| archive.removed_at.is_none())?;
        archive.removed_at = Some(at);
        archive.expires_at = archive.expires_at.min(at);
        archive.withdrawn_by = Some(by);
        Some(self.with_event(at, EventKind::Expired, None, Some(format!("deletion {by}"))))
    }

    /// Whether what it gathers, or has gathered, can hold what `deletion` is about.
    #[must_use]
    pub fn can_hold_what_goes_with(&self, deletion: &Self) -> bool {
        self.kind == Kind::Export
            && self.account == deletion.account
            && self.subjects.iter().any(|subject| deletion.subjects.contains(subject))
            && self.data_types.iter().any(|data_type| deletion.data_types.contains(data_type))
    }

    /// Where its archive is now, after it was moved there.
    #[must_use]
    pub fn with_archive_at(mut self, place: &Place, at: DateTime<Utc>) -> Option<Self> {
        let archive = self.archive.as_mut().filter(|archive| archive.removed_at.is_none())?;
        (archive.key, archive.residency) = (place.key.clone(), place.residency);
        Some(self.with_event(at, EventKind::ArchiveMoved, None, None))
    }

    /// Where its work data are, and its archive when it is made.
    #[must_use]
    pub fn kept_in(&self) -> Residency {
        self.residency.unwrap_or_default()
    }

    /// The request as it was right after filing: the answer that its requestor got.
    #[must_use]
    pub fn as_filed(self) -> Self {
        let timeline = Timeline::begin(self.id, self.created_at, &self.requestor.email);
        Self {
            status: Status::Pending,
            ended_at: None,
            failure: None,
            archive: None,
            counts: Counts::new(),
            residency: None,
            alive_at: None,
            tell_since: None,
            timeline,
            ..self
        }
    }

    /// Whether `member` may see the request, revoke it and download its archive:
    /// whoever administers the account, and the one who filed it about
    /// themselves. To everybody else it is as if it did not exist. Who has been
    /// an admin and filed something about others loses it with the role.
    #[must_use]
    pub fn is_visible_to(&self, member: &Member) -> bool {
        let own = || self.requestor.email == member.email && self.subjects == [member.email.clone()];
        let action = if own() { Action::HandleOwnRequest } else { Action::HandleAnyRequest };
        self.account == member.account && may(member.role, action).is_ok()
    }

    #[must_use]
    pub fn is_revocable(&self, at: DateTime<Utc>) -> bool {
        self.status == Status::Pending && at < self.starts_at
    }
}

/// The answer is due 30 days or one calendar month after receipt, whichever is
/// earlier (GDPR Art. 12(3) counts a month; February is shorter than 30 days).
#[must_use]
pub fn due_at(received: DateTime<Utc>) -> DateTime<Utc> {
    let thirty_days = received + Days::new(30);
    received.checked_add_months(Months::new(1)).map_or(thirty_days, |month| month.min(thirty_days))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A pending export of Bob's data, filed by Ana, an admin, on 5 January 2026.
    pub(crate) fn pending() -> Request {
        let ana = EmailAddress::parse("ana@amber.example").unwrap();
        let id = RequestId::parse("019b8d3a-0000-7000-8000-000000000001").unwrap();
        let filed = at("2026-01-05T10:00:00Z");
        Request {
            id,
            account: AccountId::parse("amber").unwrap(),
            kind: Kind::Export,
            status: Status::Pending,
            subjects: vec![EmailAddress::parse("bob@amber.example").unwrap()],
            data_types: DataType::ALL.to_vec(),
            date_range: None,
            requestor: Requestor { email: ana.clone(), name: "Ana Amber".into(), role: Role::Admin },
            preview: None,
            follows: None,
            created_at: filed,
            starts_at: at("2026-01-05T10:05:00Z"),
            due_at: due_at(filed),
            ended_at: None,
            failure: None,
            archive: None,
            counts: Counts::new(),
            residency: None,
            alive_at: None,
            tell_since: None,
            timeline: Timeline::begin(id, filed, &ana),
        }
    }

    #[test]
    fn a_request_as_filed_forgets_what_came_later() {
        let ana = pending().requestor.email;
        let revoked = pending().revoke(&ana, at("2026-01-05T10:01:00Z")).unwrap();
        assert_ne!(revoked, pending());
        assert_eq!(revoked.as_filed(), pending());
    }

    #[test]
    fn only_the_requestor_and_administrators_of_the_account_see_a_request() {
        let member = |account: &str, email: &str, role| Member {
            account: AccountId::parse(account).unwrap(),
            email: EmailAddress::parse(email).unwrap(),
            name: String::new(),
            role,
        };
        let own = Request { subjects: vec![pending().requestor.email], ..pending() };
        assert!(own.is_visible_to(&member("amber", "ana@amber.example", Role::Member)));
        for (account, email, role, visible) in [
            ("amber", "owner@amber.example", Role::Owner, true),
            ("amber", "admin@amber.example", Role::Admin, true),
            ("amber", "ana@amber.example", Role::Member, false),
            ("amber", "bob@amber.example", Role::Member, false),
            ("birch", "ana@amber.example", Role::Member, false),
            ("birch", "owner@birch.example", Role::Owner, false),
        ] {
            assert_eq!(pending().is_visible_to(&member(account, email, role)), visible, "{email}");
        }
    }

    #[test]
    fn the_removal_of_an_archive_is_noted_once() {
        let expires_at = at("2026-04-05T10:00:00Z");
        let archive = Archive {
            key: "1".into(),
            residency: Residency::Us,
            bytes: 1,
            expires_at,
            removed_at: None,
            withdrawn_by: None,
        };
        let request = Request { archive: Some(archive), ..pending() };
        let removed = request.with_archive_removed(expires_at).unwrap();
        assert_eq!(removed.timeline.last().unwrap().event, EventKind::Expired);
        assert_eq!(removed.with_archive_removed(expires_at), None);
        assert_eq!(pending().with_archive_removed(expires_at), None);
    }

    #[test]
    fn an_archive_that_a_deletion_ends_says_so_once_and_cannot_be_downloaded_any_more() {
        let (expires_at, now) = (at("2026-04-05T10:00:00Z"), at("2026-02-01T00:00:00Z"));
        let archive = Archive {
            key: "1".into(),
            residency: Residency::Us,
            bytes: 1,
            expires_at,
            removed_at: None,
            withdrawn_by: None,
        };
        let by = RequestId::parse("019b8d3a-0000-7000-8000-000000000002").unwrap();
        let withdrawn =
            Request { archive: Some(archive), ..pending() }.with_archive_withdrawn(by, now).unwrap();
        let archive = withdrawn.archive.as_ref().unwrap();
        assert_eq!((archive.expires_at, archive.withdrawn_by), (now, Some(by)));
        let event = withdrawn.timeline.last().unwrap();
        assert_eq!((event.event, event.detail.clone()), (EventKind::Expired, Some(format!("deletion {by}"))));
        assert_eq!(withdrawn.with_archive_withdrawn(by, now), None);
    }

    #[test]
    fn an_export_can_hold_what_a_deletion_of_the_same_person_and_types_takes() {
        let deletion = Request { kind: Kind::Delete, ..pending() };
        assert!(pending().can_hold_what_goes_with(&deletion));
        let others = vec![EmailAddress::parse("ana@amber.example").unwrap()];
        let account = AccountId::parse("birch").unwrap();
        for (export, why) in [
            (Request { subjects: others, ..pending() }, "of somebody else"),
            (Request { account, ..pending() }, "of another account"),
            (Request { data_types: Vec::new(), ..pending() }, "of other data"),
            (deletion.clone(), "a deletion holds nothing"),
        ] {
            assert!(!export.can_hold_what_goes_with(&deletion), "{why}");
        }
    }

    pub(crate) fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_due_date_is_the_earlier_of_thirty_days_and_a_calendar_month() {
        for (received, due) in [
            ("2026-01-05T10:00:00Z", "2026-02-04T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-02-10T10:00:00Z", "2026-03-10T10:00:00Z"),
            ("2028-01-31T10:00:00Z", "2028-02-29T10:00:00Z"),
            ("2026-04-15T10:00:00Z", "2026-05-15T10:00:00Z"),
        ] {
            assert_eq!(due_at(at(received)), at(due), "{received}");
        }
    }
}
