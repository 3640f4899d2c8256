use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Account, Counts, Digest, EmailAddress, FieldError, Kind, Member, Order, Problem, Request, RequestId,
    Requestor, Status, Timeline, due_at,
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

/// The places where an order leaves a mark, so that the next one finds it.
/// They are digests: no address and no key stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// Of the submit, where it has a key.
    pub answer: Option<Digest>,
    /// Of the work that the order asks for.
    pub twin: Digest,
}

impl Slots {
    #[must_use]
    pub fn of(order: &Order, member: &Member, key: Option<&IdempotencyKey>) -> Self {
        let (account, email) = (&member.account, member.email.as_str());
        // What administrators file is one pool. A member is not told of it.
        let pool = if member.role.administers() { "" } else { email };
        Self {
            answer: key.map(|IdempotencyKey(key)| Digest::of(&format!("{account}\n{email}\n{key}"))),
            twin: Digest::of(&format!("{account}\n{pool}\n{}", order.matter())),
        }
    }
}

/// What is found in the slots of an order, and the account it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    pub account: Option<Account>,
    pub answered: Option<Answered>,
    /// The requests about the same that may still be open.
    pub twins: Vec<RequestId>,
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

/// Makes a request of an order that has passed [`may_file`] and [`all_known`].
#[must_use]
pub fn file_request(order: Order, member: &Member, waits: Waits, stamp: Stamp) -> Request {
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
        created_at: stamp.at,
        starts_at: stamp.at + wait,
        due_at: due_at(stamp.at),
        ended_at: None,
        failure: None,
        archive: None,
        counts: Counts::new(),
        alive_at: None,
        tell_since: None,
        timeline: Timeline::begin(stamp.id, stamp.at, &member.email),
    }
}

/// Whether `member` may file `order`. Members file exports of themselves,
/// where the account allows it; owners and admins file for everybody.
pub fn may_file(order: &Order, member: &Member, account: &Account) -> Result<(), Problem> {
    if member.role.administers() {
        return Ok(());
    }
    if order.kind == Kind::Delete {
        return Err(Problem::forbidden(
            "deletion-needs-administrator",
            "Members cannot file deletions. Contact the owner of your account.",
        ));
    }
    if order.subjects.iter().any(|subject| *subject != member.email) {
        return Err(Problem::forbidden(
            "others-need-administrator",
            "Members can request only their own data. Contact your account administrator.",
        ));
    }
    if !account.lets_members_export() {
        return Err(Problem::forbidden(
            "self-service-off",
            "Your account does not let members request their own data. Contact your account administrator.",
        ));
    }
    Ok(())
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
mod tests {
    use super::*;
    use crate::{AccountId, DataType, Plan, Role};

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn member(role: Role) -> Member {
        Member {
            account: AccountId::parse("amber").unwrap(),
            email: address("me@amber.example"),
            name: "Me".into(),
            role,
        }
    }

    fn order(kind: Kind, subject: &str) -> Order {
        Order {
            kind,
            subjects: vec![address(subject)],
            data_types: DataType::ALL.to_vec(),
            date_range: None,
            allow_duplicate: false,
            lines: std::collections::BTreeMap::new(),
        }
    }

    fn allowed(kind: Kind, subject: &str, role: Role, plan: Plan, self_service: bool) -> Result<(), Problem> {
        let account = Account {
            id: AccountId::parse("amber").unwrap(),
            name: "Amber".into(),
            plan,
            country: "US".into(),
            self_service,
        };
        may_file(&order(kind, subject), &member(role), &account)
    }

    #[test]
    fn owners_and_admins_file_for_others_in_every_plan() {
        for role in [Role::Owner, Role::Admin] {
            for plan in [Plan::Free, Plan::Pro, Plan::Enterprise] {
                for kind in [Kind::Export, Kind::Delete] {
                    assert!(allowed(kind, "you@amber.example", role, plan, false).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_member_exports_themselves_only_where_setting_and_plan_allow_it() {
        for (plan, setting, may) in [
            (Plan::Enterprise, true, true),
            (Plan::FreeWithCard, true, true),
            (Plan::Enterprise, false, false),
            (Plan::Free, true, false),
            (Plan::Pro, true, false),
        ] {
            let decided = allowed(Kind::Export, "me@amber.example", Role::Member, plan, setting);
            assert_eq!(decided.is_ok(), may, "{plan:?} {setting}");
        }
    }

    #[test]
    fn a_member_files_nothing_for_others_and_no_deletion() {
        let refusal =
            |kind, subject| allowed(kind, subject, Role::Member, Plan::Enterprise, true).unwrap_err();
        let others = refusal(Kind::Export, "you@amber.example");
        assert_eq!(
            (others.status, others.uri.as_str()),
            (403, "urn:habeas:problem:others-need-administrator")
        );
        let deletion = refusal(Kind::Delete, "me@amber.example");
        assert_eq!(
            (deletion.status, deletion.uri.as_str()),
            (403, "urn:habeas:problem:deletion-needs-administrator")
        );
    }

    #[test]
    fn somebody_whom_nobody_knows_refuses_the_request() {
        let order = order(Kind::Export, "x@birch.example");
        assert_eq!(all_known(&order, &[address("me@amber.example")]).unwrap_err().status, 422);
        assert!(all_known(&order, &[address("x@birch.example")]).is_ok());
    }

    #[test]
    fn a_deletion_waits_thirty_minutes_and_an_export_less() {
        let waits = Waits { export: TimeDelta::minutes(5), delete: TimeDelta::minutes(30) };
        let stamp =
            Stamp { id: RequestId::made(1_767_607_200_000, 7), at: "2026-01-05T10:00:00Z".parse().unwrap() };
        let starts = |kind| {
            file_request(order(kind, "you@amber.example"), &member(Role::Admin), waits, stamp).starts_at
        };
        assert_eq!(starts(Kind::Delete).to_rfc3339(), "2026-01-05T10:30:00+00:00");
        assert_eq!(starts(Kind::Export).to_rfc3339(), "2026-01-05T10:05:00+00:00");
    }

    #[test]
    fn an_answer_is_repeated_for_a_day_and_only_to_the_same_order() {
        let (export, delete) =
            (order(Kind::Export, "you@amber.example"), order(Kind::Delete, "you@amber.example"));
        let first = RequestId::made(1_767_607_200_000, 7);
        let until: DateTime<Utc> = "2026-01-06T10:00:00Z".parse().unwrap();
        let answered = Answered { request: first, fingerprint: export.fingerprint(), until };
        let guards = Guards { answered: Some(answered), ..Guards::default() };
        let second_before = until - TimeDelta::seconds(1);
        assert_eq!(guards.earlier(&export, second_before), Ok(Some(first)));
        assert_eq!(guards.earlier(&export, until), Ok(None));
        assert_eq!(guards.earlier(&delete, second_before).unwrap_err().status, 422);
        assert_eq!(guards.earlier(&delete, until), Ok(None));
    }

    #[test]
    fn administrators_share_their_twins_and_members_have_their_own() {
        let twin = |member: &Member| Slots::of(&order(Kind::Export, "me@amber.example"), member, None).twin;
        let admin = Member { email: address("admin@amber.example"), ..member(Role::Admin) };
        assert_eq!(twin(&member(Role::Owner)), twin(&admin));
        assert_ne!(twin(&member(Role::Member)), twin(&admin));
        let other = Member { account: AccountId::parse("birch").unwrap(), ..admin.clone() };
        assert_ne!(twin(&other), twin(&admin));
    }

    #[test]
    fn a_key_is_somebodys_own() {
        let key = IdempotencyKey::parse("4711").unwrap();
        let order = order(Kind::Export, "me@amber.example");
        let slot = |member: &Member| Slots::of(&order, member, Some(&key)).answer;
        let other = Member { email: address("other@amber.example"), ..member(Role::Admin) };
        assert_ne!(slot(&member(Role::Admin)), slot(&other));
        assert_eq!(slot(&member(Role::Admin)), slot(&member(Role::Owner)));
    }

    #[test]
    fn a_key_is_short_and_visible() {
        for bad in ["", "a b", "ü", "a\n", &"a".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"a".repeat(255)).is_ok());
    }
}
