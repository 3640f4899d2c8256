use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Account, AccountSettings, Action, Counts, Digest, EmailAddress, EventKind, FieldError, House, Kind,
    Member, Order, Preview, Previewed, Problem, Request, RequestId, Requestor, Status, Timeline, due_at, may,
};

/// How long a repeated submit gets the first one's answer.
const ANSWER_KEPT: TimeDelta = TimeDelta::hours(24);

/// The longest idempotency key.
const KEY_BYTES_MAX: usize = 255;

/// The moment of filing and the id made for it: both come from outside.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    pub id: RequestId,
    pub at: DateTime<Utc>,
}

/// How long a request stays revocable before it starts.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    pub export: TimeDelta,
    pub delete: TimeDelta,
}

/// What a client repeats a submit with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::malformed(format!(
                "An Idempotency-Key has 1 to {KEY_BYTES_MAX} visible ASCII characters, such as a UUID."
            )))
        }
    }
}

/// The places where an order leaves a mark, so that the next one finds it, and
/// where its preview is. They are digests: no address and no key stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// Of the submit, where it has a key.
    pub answer: Option<Digest>,
    /// Of the work that the order asks for.
    pub twin: Digest,
    /// Of what its requestor has seen, where they say so.
    pub preview: Option<Digest>,
}

impl Slots {
    #[must_use]
    pub fn of(order: &Order, member: &Member, key: Option<&IdempotencyKey>) -> Self {
        let (account, email) = (&member.account, member.email.as_str());
        // What administrators file is one pool. A member is not told of it.
        let is_pooled = may(member.role, Action::HandleAnyRequest).is_ok();
        let pool = if is_pooled { "" } else { email };
        Self {
            answer: key.map(|IdempotencyKey(key)| Digest::of(&format!("{account}\n{email}\n{key}"))),
            twin: Digest::of(&format!("{account}\n{pool}\n{}", order.matter())),
            preview: order.preview.clone(),
        }
    }
}

/// What is found in the slots of an order, and the account it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    pub account: Option<Account>,
    pub settings: AccountSettings,
    pub answered: Option<Answered>,
    /// The requests about the same that may still be open.
    pub twins: Vec<RequestId>,
    /// The account's preview of that digest.
    pub preview: Option<Preview>,
}

/// What a key was used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub request: RequestId,
    pub fingerprint: Digest,
    pub until: DateTime<Utc>,
}

impl Guards {
    /// The request that an earlier submit with the same key made.
    pub fn earlier(&self, order: &Order, now: DateTime<Utc>) -> Result<Option<RequestId>, Problem> {
        match self.answered.as_ref().filter(|answered| now < answered.until) {
            None => Ok(None),
            Some(answered) if answered.fingerprint == order.fingerprint() => Ok(Some(answered.request)),
            Some(_) => Err(Problem::key_reused()),
        }
    }

    /// What the requestor has seen of what the order would erase, where they say
    /// that they have.
    pub fn previewed(&self, order: &Order, now: DateTime<Utc>) -> Result<Option<Previewed>, Problem> {
        if order.preview.is_none() {
            return Ok(None);
        }
        let preview = self.preview.as_ref().filter(|preview| preview.is_of(order, now));
        preview.map(Previewed::from).map(Some).ok_or_else(Problem::preview_outdated)
    }
}

/// A request and the marks that are written with it, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    pub request: Request,
    pub slots: Slots,
    pub fingerprint: Digest,
    /// What was in the slot of twins when it was looked at.
    pub seen_twins: Vec<RequestId>,
    /// Those of them that are open, and stay there.
    pub open_twins: Vec<RequestId>,
}

/// How many requests about the same the mark for twins remembers. Whoever files
/// more than that at once has said each time that it is meant.
const TWINS_MAX: usize = 50;

impl Filing {
    /// What the slot of twins holds from now on: the newest last.
    #[must_use]
    pub fn twins(&self) -> Vec<RequestId> {
        let all = self.open_twins.iter().copied().chain([self.request.id]);
        all.clone().skip(all.count().saturating_sub(TWINS_MAX)).collect()
    }

    /// What the answer's slot holds from now on.
    #[must_use]
    pub fn answered(&self) -> Answered {
        Answered {
            request: self.request.id,
            fingerprint: self.fingerprint.clone(),
            until: self.request.created_at + ANSWER_KEPT,
        }
    }
}

/// Makes a request of an order that has passed [`may_file`], [`all_known`] and
/// [`Guards::previewed`].
#[must_use]
pub fn file_request(
    order: Order,
    preview: Option<Previewed>,
    member: &Member,
    waits: Waits,
    stamp: Stamp,
) -> Request {
    let wait = match order.kind {
        Kind::Export => waits.export,
        Kind::Delete => waits.delete,
    };
    Request {
        id: stamp.id,
        account: member.account.clone(),
        kind: order.kind,
        status: Status::Pending,
        subjects: order.subjects,
        data_types: order.data_types,
        date_range: order.date_range,
        requestor: Requestor { email: member.email.clone(), name: member.name.clone(), role: member.role },
        preview,
        follows: None,
        created_at: stamp.at,
        starts_at: stamp.at + wait,
        due_at: due_at(stamp.at),
        ended_at: None,
        failure: None,
        archive: None,
        counts: Counts::new(),
        residency: None,
        alive_at: None,
        tell_since: None,
        timeline: Timeline::begin(stamp.id, stamp.at, &member.email),
    }
}

/// Makes the deletion of what a legal hold had kept of another one, now that it
/// is released. It waits like any deletion, so that another hold still comes in
/// time. Nobody in person files it, so its first event names nobody; mails go to
/// whoever wanted the data erased.
#[must_use]
pub fn follow_up(original: &Request, stamp: Stamp, wait: TimeDelta) -> Request {
    let mut timeline = Timeline::default();
    timeline.append(stamp.id, stamp.at, EventKind::Filed, None, Some(format!("follows {}", original.id)));
    Request {
        id: stamp.id,
        kind: Kind::Delete,
        date_range: None,
        // What was previewed was the original, and not what was held of it.
        preview: None,
        follows: Some(original.id),
        created_at: stamp.at,
        starts_at: stamp.at + wait,
        due_at: due_at(stamp.at),
        timeline,
        ..original.clone().as_filed()
    }
}

/// Whether `member` may file `order`.
pub fn may_file(order: &Order, member: &Member, house: House<'_>) -> Result<(), Problem> {
    let is_own = order.subjects == [member.email.clone()];
    let action = match order.kind {
        Kind::Delete => Action::FileDeletion,
        Kind::Export if is_own => Action::FileExportOfOneself(house),
        Kind::Export => Action::FileExport,
    };
    Ok(may(member.role, action)?)
}

/// Whether everybody an order is about is a member of the account, or a
/// participant of whom its data holds something.
pub fn all_known(order: &Order, known: &[EmailAddress]) -> Result<(), Problem> {
    let unknown: Vec<_> = unknown(order, known)
        .map(|subject| {
            let detail = format!(
                "{} is no member of your account, and nothing is held of such a participant",
                subject.as_str()
            );
            match order.lines.get(subject) {
                Some(line) => FieldError::in_line(*line, detail),
                None => FieldError::new("/subjects", detail),
            }
        })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Problem::invalid(unknown)) }
}

/// Those an order is about who are not among `known`.
pub fn unknown<'o>(order: &'o Order, known: &[EmailAddress]) -> impl Iterator<Item = &'o EmailAddress> {
    order.subjects.iter().filter(|subject| !known.contains(subject))
}

#[cfg(test)]
mod tests;
