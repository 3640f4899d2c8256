//! Idempotency keys: the same call again gets the first answer.

use habeas_domain::{Filing, IdempotencyKey, Order, Request, Role, Slots, Status};
use habeas_testkit::{Draft, account, member};
use serde_json::json;

use crate::world::{EXPORT, answer, answer_at, body, later, people, refusal};

fn keyed(key: &str) -> Draft {
    Draft::of(EXPORT).header("idempotency-key", key)
}

#[tokio::test]
async fn a_repeated_submit_gets_the_first_answer_for_a_day() {
    let memory = people();
    let first = answer(&memory, &keyed("k").call()).await;
    assert_eq!(first.status(), 201);
    for minutes in [1, 24 * 60 - 1] {
        assert_eq!(answer_at(&memory, &keyed("k").call(), later(minutes)).await, first);
    }
    assert_eq!((memory.requests().len(), memory.started().len()), (1, 1));
    // The key is free again, and now the order meets the one that is open.
    let next_day = answer_at(&memory, &keyed("k").call(), later(24 * 60)).await;
    assert_eq!((next_day.status(), &next_day.body()["type"]), (409, &json!("urn:habeas:problem:duplicate")));
}

#[tokio::test]
async fn the_first_answer_is_repeated_whatever_became_of_the_request() {
    let memory = people();
    let first = answer(&memory, &keyed("k").call()).await;
    let canceled = Request { status: Status::Canceled, ..memory.requests()[0].clone() };
    let memory = memory.with_request(canceled);
    assert_eq!(answer_at(&memory, &keyed("k").call(), later(1)).await, first);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_not_overlooked() {
    for key in ["", "a key", "schlüssel"] {
        let (status, problem) = refusal(keyed(key).call()).await;
        assert_eq!((status, &problem["type"]), (400, &json!("urn:habeas:problem:malformed")), "{key:?}");
    }
}

#[tokio::test]
async fn a_key_with_another_order_is_refused() {
    let memory = people();
    answer(&memory, &keyed("k").call()).await;
    let other = json!({"kind": "export", "subjects": ["ana@amber.example"]});
    let reply = answer_at(&memory, &keyed("k").body(other.to_string()).call(), later(1)).await;
    let slug = "urn:habeas:problem:idempotency-key-reused";
    assert_eq!((reply.status(), &reply.body()["type"]), (422, &json!(slug)));
    assert_eq!(memory.requests().len(), 1);
}

#[tokio::test]
async fn a_key_is_its_users_own() {
    let memory = people().with_member(member("amber", "amy@amber.example", Role::Owner), account("amber"));
    let body = json!({"kind": "export", "subjects": ["amy@amber.example"]}).to_string();
    assert_eq!(answer(&memory, &keyed("k").call()).await.status(), 201);
    let amys = keyed("k").by("amy@amber.example").body(body).call();
    assert_eq!(answer_at(&memory, &amys, later(1)).await.status(), 201);
    assert_eq!(memory.requests().len(), 2);
}

#[tokio::test]
async fn two_submits_at_once_make_one_request() {
    // The other one is filed between this one's look and its write.
    let other = people();
    let first = answer(&other, &keyed("k").call()).await;
    let order = Order::parse(body(EXPORT).as_bytes()).unwrap();
    let key = IdempotencyKey::parse("k").unwrap();
    let filing = Filing {
        fingerprint: order.fingerprint(),
        slots: Slots::of(&order, &member("amber", "ana@amber.example", Role::Admin), Some(&key)),
        request: other.requests()[0].clone(),
        seen_twins: vec![],
        open_twins: vec![],
    };
    let memory = people().filing_after(filing);
    assert_eq!(answer_at(&memory, &keyed("k").call(), later(1)).await, first);
    assert_eq!((memory.requests().len(), memory.started()), (1, vec![]));
}
