//! The same again, while the first request is open and after it.

use habeas_domain::{Request, Status};
use habeas_testkit::{Draft, call};
use serde_json::{Value, json};

use crate::world::{EXPORT, OWN_EXPORT, answer, answer_at, body, later, people, stamp};

#[tokio::test]
async fn the_same_again_is_refused_with_a_link_while_it_is_open() {
    let memory = people();
    answer(&memory, &call(EXPORT)).await;
    let again = answer_at(&memory, &call(EXPORT), later(1)).await;
    assert_eq!((again.status(), &again.body()["type"]), (409, &json!("urn:habeas:problem:duplicate")));
    assert_eq!(again.body()["request"], json!(format!("/v1/requests/{}", stamp().id)));
    assert_eq!(memory.requests().len(), 1);

    let mut allowed: Value = serde_json::from_str(&body(EXPORT)).unwrap();
    allowed["allow_duplicate"] = json!(true);
    let allowed = Draft::of(EXPORT).body(allowed.to_string()).call();
    assert_eq!(answer_at(&memory, &allowed, later(2)).await.status(), 201);
    assert_eq!(memory.requests().len(), 2);
}

#[tokio::test]
async fn an_open_request_is_not_forgotten_because_a_later_one_has_ended() {
    let memory = people();
    answer(&memory, &call(EXPORT)).await;
    let mut allowed: Value = serde_json::from_str(&body(EXPORT)).unwrap();
    allowed["allow_duplicate"] = json!(true);
    answer_at(&memory, &Draft::of(EXPORT).body(allowed.to_string()).call(), later(1)).await;
    let second = memory.requests()[1].clone();
    let memory = memory.with_request(Request { status: Status::Canceled, ..second });
    let again = answer_at(&memory, &call(EXPORT), later(2)).await;
    assert_eq!(again.body()["request"], json!(format!("/v1/requests/{}", stamp().id)));
}

#[tokio::test]
async fn the_same_again_is_filed_once_the_first_has_ended() {
    let memory = people();
    answer(&memory, &call(EXPORT)).await;
    let ended = Request { status: Status::Failed, ..memory.requests()[0].clone() };
    let memory = memory.with_request(ended);
    assert_eq!(answer_at(&memory, &call(EXPORT), later(1)).await.status(), 201);
}

#[tokio::test]
async fn a_member_is_not_told_what_administrators_file_about_them() {
    let memory = people();
    let own: Value = serde_json::from_str(&body(OWN_EXPORT)).unwrap();
    let same = Draft::of(EXPORT).body(own.to_string()).call();
    assert_eq!(answer(&memory, &same).await.status(), 201);
    assert_eq!(answer_at(&memory, &call(OWN_EXPORT), later(1)).await.status(), 201);
}
