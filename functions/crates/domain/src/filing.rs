use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Account, EmailAddress, Event, EventKind, FieldError, Kind, Member, Order, Problem, Request, RequestId,
    Requestor, Status, due_at,
};

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

/// Decides whether `member` may file `order`, and makes the request of it.
///
/// `known` are those of the order's subjects that the directory has in the
/// member's account.
pub fn file_request(
    order: Order,
    member: &Member,
    account: &Account,
    known: &[EmailAddress],
    waits: Waits,
    stamp: Stamp,
) -> Result<Request, Problem> {
    may_file(&order, member, account)?;
    all_known(&order, known)?;
    let wait = match order.kind {
        Kind::Export => waits.export,
        Kind::Delete => waits.delete,
    };
    Ok(Request {
        id: stamp.id,
        account: account.id.clone(),
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
        counts: std::collections::BTreeMap::default(),
        timeline: vec![Event {
            at: stamp.at,
            event: EventKind::Filed,
            by: Some(member.email.as_str().to_owned()),
        }],
    })
}

fn may_file(order: &Order, member: &Member, account: &Account) -> Result<(), Problem> {
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

fn all_known(order: &Order, known: &[EmailAddress]) -> Result<(), Problem> {
    let unknown: Vec<_> = order
        .subjects
        .iter()
        .filter(|subject| !known.contains(subject))
        .map(|subject| {
            FieldError::new("/subjects", format!("{} is not a member of your account", subject.as_str()))
        })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Problem::invalid(unknown)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, DataType, Plan, Role};

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn file(
        kind: Kind,
        subject: &str,
        role: Role,
        plan: Plan,
        self_service: bool,
    ) -> Result<Request, Problem> {
        let account = Account {
            id: AccountId::parse("amber").unwrap(),
            name: "Amber".into(),
            plan,
            country: "US".into(),
            self_service,
        };
        let member = Member {
            account: account.id.clone(),
            email: address("me@amber.example"),
            name: "Me".into(),
            role,
        };
        let order = Order {
            kind,
            subjects: vec![address(subject)],
            data_types: DataType::ALL.to_vec(),
            date_range: None,
        };
        let stamp = Stamp {
            id: RequestId::parse("01980000-0000-7000-8000-000000000000").unwrap(),
            at: "2026-01-05T10:00:00Z".parse().unwrap(),
        };
        let waits = Waits { export: TimeDelta::minutes(5), delete: TimeDelta::minutes(30) };
        let known = [address("me@amber.example"), address("you@amber.example")];
        file_request(order, &member, &account, &known, waits, stamp)
    }

    #[test]
    fn owners_and_admins_file_both_kinds_for_members_in_every_plan() {
        for role in [Role::Owner, Role::Admin] {
            for kind in [Kind::Export, Kind::Delete] {
                for plan in [Plan::Free, Plan::Pro, Plan::Enterprise] {
                    assert!(file(kind, "you@amber.example", role, plan, false).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_member_exports_themselves_only_where_setting_and_plan_allow_it() {
        for (plan, setting, allowed) in [
            (Plan::Enterprise, true, true),
            (Plan::FreeWithCard, true, true),
            (Plan::Enterprise, false, false),
            (Plan::Free, true, false),
            (Plan::Pro, true, false),
        ] {
            let filed = file(Kind::Export, "me@amber.example", Role::Member, plan, setting);
            assert_eq!(filed.is_ok(), allowed, "{plan:?} {setting}");
        }
    }

    #[test]
    fn a_member_files_nothing_for_others_and_no_deletion() {
        let refusal = |kind, subject| file(kind, subject, Role::Member, Plan::Enterprise, true).unwrap_err();
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
    fn a_subject_outside_the_account_refuses_the_request() {
        let problem = file(Kind::Export, "x@birch.example", Role::Admin, Plan::Pro, false).unwrap_err();
        assert_eq!(problem.status, 422);
    }

    #[test]
    fn a_deletion_waits_thirty_minutes_and_an_export_less() {
        let starts = |kind| file(kind, "you@amber.example", Role::Admin, Plan::Pro, false).unwrap().starts_at;
        assert_eq!(starts(Kind::Delete).to_rfc3339(), "2026-01-05T10:30:00+00:00");
        assert!(starts(Kind::Export) < starts(Kind::Delete));
    }
}
