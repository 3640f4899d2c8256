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
        preview: None,
        lines: std::collections::BTreeMap::new(),
    }
}

fn allowed(kind: Kind, subject: &str, role: Role, plan: Plan, self_service: bool) -> Result<(), Problem> {
    let account = Account {
        id: AccountId::parse("amber").unwrap(),
        name: "Amber".into(),
        plan,
        country: crate::Country::parse("US").unwrap(),
    };
    let topic = crate::Topic::from(crate::Setting::SelfServiceRequests);
    let basis = crate::Basis { account: account.id.clone(), entry: 1 };
    let chosen = crate::Chosen { on: self_service, basis, terms: None };
    let settings = AccountSettings { version: 1, chosen: [(topic, chosen)].into() };
    may_file(&order(kind, subject), &member(role), House { account: &account, settings: &settings })
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
    let refusal = |kind, subject| allowed(kind, subject, Role::Member, Plan::Enterprise, true).unwrap_err();
    let others = refusal(Kind::Export, "you@amber.example");
    assert_eq!((others.status, others.uri.as_str()), (403, "urn:habeas:problem:others-need-administrator"));
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
        file_request(order(kind, "you@amber.example"), None, &member(Role::Admin), waits, stamp).starts_at
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
fn a_preview_that_an_order_names_must_be_there_and_of_it() {
    let now: DateTime<Utc> = "2026-01-05T10:00:00Z".parse().unwrap();
    let unseen = order(Kind::Delete, "you@amber.example");
    let counted = [(address("you@amber.example"), [("messages".to_owned(), 12)].into())].into();
    let preview = Preview::of(&member(Role::Admin).account, &unseen, &counted, now);
    let seen = Order { preview: Some(preview.digest.clone()), ..unseen.clone() };
    let guards = Guards { preview: Some(preview.clone()), ..Guards::default() };
    assert_eq!(guards.previewed(&seen, now), Ok(Some(Previewed::from(&preview))));
    assert_eq!(guards.previewed(&unseen, now), Ok(None));
    assert_eq!(Guards::default().previewed(&unseen, now), Ok(None));
    for refused in [Guards::default().previewed(&seen, now), guards.previewed(&seen, preview.valid_until())] {
        let problem = refused.unwrap_err();
        assert_eq!((problem.status, problem.uri.as_str()), (409, "urn:habeas:problem:preview-outdated"));
    }
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

#[test]
fn a_follow_up_is_a_deletion_of_the_same_people_that_can_still_be_taken_back() {
    let original = crate::request::tests::pending();
    let original = Request { kind: Kind::Delete, status: Status::Completed, ..original };
    let id = RequestId::parse("019b8d3a-0000-7000-8000-000000000002").unwrap();
    let at = "2027-01-31T10:00:00Z".parse().unwrap();
    let follow_up = follow_up(&original, Stamp { id, at }, TimeDelta::minutes(30));
    assert_eq!((follow_up.id, follow_up.follows), (id, Some(original.id)));
    assert_eq!((follow_up.kind, follow_up.status), (Kind::Delete, Status::Pending));
    assert_eq!((&follow_up.subjects, &follow_up.requestor), (&original.subjects, &original.requestor));
    assert_eq!((follow_up.created_at, follow_up.starts_at), (at, at + TimeDelta::minutes(30)));
    assert_eq!(follow_up.due_at, due_at(at));
    assert!(follow_up.is_revocable(at));
    let [filed] = follow_up.timeline.events() else { panic!("one event") };
    assert_eq!((filed.event, filed.by.as_deref()), (EventKind::Filed, None));
    assert_eq!(follow_up.timeline.verify(id), Ok(()));
    assert_eq!(follow_up.clone().as_filed().follows, Some(original.id));
}
