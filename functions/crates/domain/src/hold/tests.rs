use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::Role;

const RECORDS: &str = r#"{"on": "records", "source": "chat_messages", "field": "channel_id", "value": "c-1",
    "reason": "A dispute", "reference": "4 O 12/26"}"#;

fn parse(body: &str) -> Result<HoldOrder, Problem> {
    HoldOrder::parse(body.as_bytes(), |_, _| Vec::new())
}

fn ana() -> Member {
    Member {
        account: AccountId::parse("amber").unwrap(),
        email: EmailAddress::parse("ana@amber.example").unwrap(),
        name: "Ana Amber".into(),
        role: Role::Admin,
    }
}

fn hold(number: u128, on: HoldOn) -> Hold {
    let order = HoldOrder { on, reason: "A dispute".into(), reference: "4 O 12/26".into() };
    Hold::place(order, HoldId::new(Uuid::from_u128(number)), &ana(), "2026-01-05T10:00:00Z".parse().unwrap())
}

fn on_subject(email: &str) -> HoldOn {
    HoldOn::Subject { subject: EmailAddress::parse(email).unwrap() }
}

fn pointers(problem: Problem) -> Vec<String> {
    problem.errors.into_iter().filter_map(|error| error.pointer).collect()
}

#[test]
fn a_hold_reads_as_it_is_written() {
    for on in [
        HoldOn::Account,
        on_subject("bob@amber.example"),
        HoldOn::Records { source: "chat_messages".into(), field: "channel_id".into(), value: "c-1".into() },
    ] {
        let hold = hold(1, on);
        let text = serde_json::to_string(&hold).unwrap();
        assert_eq!(serde_json::from_str::<Hold>(&text).unwrap(), hold);
        let released = hold.release(&ana(), "2026-02-05T10:00:00Z".parse().unwrap());
        let text = serde_json::to_string(&released).unwrap();
        assert_eq!(serde_json::from_str::<Released>(&text).unwrap(), released);
    }
}

#[test]
fn a_hold_is_shown_flat_and_without_its_account() {
    let view = hold(1, on_subject("bob@amber.example")).view();
    assert_eq!(
        view,
        json!({
            "id": "00000000-0000-0000-0000-000000000001", "on": "subject", "subject": "bob@amber.example",
            "reason": "A dispute", "reference": "4 O 12/26",
            "placed_by": {"email": "ana@amber.example", "name": "Ana Amber", "role": "admin"},
            "placed_at": "2026-01-05T10:00:00Z",
        })
    );
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let body = r#"{"on": "records", "source": "nowhere", "field": "f", "value": "",
        "reason": "  ", "reference": "a\nb"}"#;
    let wrong = |source: &str, _: &str| vec![FieldError::new("/source", format!("no {source}"))];
    let problem = HoldOrder::parse(body.as_bytes(), wrong).unwrap_err();
    assert_eq!(problem.status, 422);
    assert_eq!(pointers(problem), ["/source", "/value", "/reason", "/reference"]);
    let problem =
        parse(r#"{"on": "subject", "subject": "ana", "reason": "", "reference": "x"}"#).unwrap_err();
    assert_eq!((problem.status, pointers(problem)), (422, vec!["/subject".to_owned(), "/reason".to_owned()]));
}

#[test]
fn what_is_no_hold_is_malformed() {
    for body in [
        "",
        "[]",
        r#"["account", "x", "y"]"#,
        r#"{"on": "everything", "reason": "x", "reference": "y"}"#,
        r#"{"reason": "x", "reference": "y"}"#,
        r#"{"on": "account", "reason": "x"}"#,
        r#"{"on": "account", "reason": "x", "reference": null}"#,
        r#"{"on": "account", "reason": "x", "reference": "y", "subject": "ana@amber.example"}"#,
        r#"{"on": "account", "reason": "x", "reference": "y"} {}"#,
    ] {
        assert_eq!(parse(body).unwrap_err().status, 400, "{body}");
    }
}

#[test]
fn texts_have_their_limits_in_characters_and_values_in_bytes() {
    let with = |reason: usize, reference: usize, value: usize| {
        let (reason, reference, value) = ("é".repeat(reason), "é".repeat(reference), "v".repeat(value));
        parse(&RECORDS.replace("A dispute", &reason).replace("4 O 12/26", &reference).replace("c-1", &value))
    };
    assert!(with(500, 200, 1_024).is_ok());
    assert_eq!(pointers(with(501, 201, 1_025).unwrap_err()), ["/value", "/reason", "/reference"]);
}

#[test]
fn a_value_keeps_its_blanks_and_a_reason_does_not() {
    let order = parse(&RECORDS.replace("c-1", " c-1 ").replace("A dispute", " A dispute ")).unwrap();
    assert_eq!(order.reason, "A dispute");
    let HoldOn::Records { value, .. } = order.on else { panic!("a hold on records") };
    assert_eq!(value, " c-1 ");
}

#[test]
fn nothing_that_may_be_personal_is_printed() {
    let on = [
        on_subject("bob@amber.example"),
        HoldOn::Records { source: "s".into(), field: "f".into(), value: "bob@amber.example".into() },
    ];
    assert!(!format!("{on:?}").contains("bob"));
}

#[test]
fn a_release_concerns_what_it_held_and_nobody_follows_up_yet() {
    let id = HoldId::new(Uuid::from_u128(1));
    let note = HeldNote {
        account: ana().account,
        request: RequestId::LAST,
        holds: [id].into(),
        count: 1,
        chunks: 1,
        follow_up: None,
    };
    assert!(note.waits_for(id));
    assert!(!note.waits_for(HoldId::new(Uuid::from_u128(2))));
    assert!(!HeldNote { follow_up: Some(RequestId::LAST), ..note }.waits_for(id));
}

fn any_on() -> impl Strategy<Value = HoldOn> {
    prop_oneof![
        1 => Just(HoldOn::Account),
        4 => (0..4).prop_map(|who| on_subject(&format!("p{who}@amber.example"))),
        4 => (0..3, 0..3).prop_map(|(source, value)| HoldOn::Records {
            source: format!("s{source}"),
            field: "f".into(),
            value: format!("v{value}"),
        }),
    ]
}

proptest! {
    #[test]
    fn a_book_holds_what_any_of_its_holds_is_on(
        ons in prop::collection::vec(any_on(), 0..8),
        who in 0..4,
    ) {
        let numbered = ons.into_iter().enumerate();
        let holds: Vec<_> = numbered.map(|(number, on)| hold(number as u128, on)).collect();
        let book = HoldBook { holds: holds.clone(), ..HoldBook::default() };
        let email = EmailAddress::parse(&format!("p{who}@amber.example")).unwrap();
        let on_email = HoldOn::Subject { subject: email.clone() };
        let on_person = |hold: &&Hold| [&HoldOn::Account, &on_email].contains(&&hold.on);
        prop_assert_eq!(book.covers_person(&email), holds.iter().find(on_person).map(|hold| hold.id));
        let filters: Vec<_> = book.record_filters().map(|(id, ..)| id).collect();
        let on_records = holds.iter().filter(|hold| matches!(hold.on, HoldOn::Records { .. }));
        prop_assert_eq!(filters, on_records.map(|hold| hold.id).collect::<Vec<_>>());
        let all = holds.iter().map(|hold| hold.id).collect();
        prop_assert!(!book.lacks_any(&all));
        prop_assert!(book.lacks_any(&[HoldId::new(Uuid::from_u128(99))].into()));
    }
}
