//! Requests are filed and their workflows started, or refused with nothing left behind.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "intake/bodies.rs"]
mod bodies;
#[path = "intake/callers.rs"]
mod callers;
#[path = "intake/duplicates.rs"]
mod duplicates;
#[path = "intake/keys.rs"]
mod keys;
#[path = "intake/previews.rs"]
mod previews;
#[path = "intake/uploads.rs"]
mod uploads;
#[path = "intake/world.rs"]
mod world;

use habeas_domain::{Kind, Problem, Status};
use habeas_lambda::Reply;
use habeas_testkit::{address, at, call, events};
use serde_json::json;
use world::{DELETION, EXPORT, OWN_EXPORT, answer, people, stamp};

#[tokio::test]
async fn every_event_is_filed_or_refused_as_its_name_says() {
    for event in events("intake") {
        let memory = people();
        let status = answer(&memory, &call(&event.text)).await.status();
        assert_eq!(status != 201, event.is_rejected(), "{} was answered with {status}", event.case);
        assert_eq!(memory.requests().is_empty(), event.is_rejected(), "{}", event.case);
        assert_eq!(memory.started().is_empty(), event.is_rejected(), "{}", event.case);
    }
}

#[tokio::test]
async fn an_export_is_filed_and_its_workflow_started() {
    let memory = people();
    let reply = answer(&memory, &call(EXPORT)).await;
    let location = format!("/v1/requests/{}", stamp().id);
    assert_eq!(reply, Reply::created(location, reply.body().clone()));
    assert_eq!(reply.body()["status"], "Pending");
    assert_eq!(reply.body()["subjects"], json!(["bob@amber.example"]));
    assert_eq!(reply.body()["requestor"]["email"], "ana@amber.example");
    assert_eq!(reply.body()["data_types"], json!(["meetings", "chat"]));
    assert_eq!(reply.body()["date_range"], json!({"from": "2026-01-01", "to": "2026-03-31"}));
    assert_eq!(reply.body()["revoke"], json!({"possible": true, "until": "2026-01-05T10:05:00Z"}));
    let [filed] = &memory.requests()[..] else { panic!("one request is filed") };
    assert_eq!((filed.kind, filed.status), (Kind::Export, Status::Pending));
    assert_eq!(filed.due_at, at("2026-02-04T10:00:00Z"));
    assert_eq!(memory.started(), [stamp().id]);
}

#[tokio::test]
async fn a_deletion_is_filed_and_waits_thirty_minutes() {
    let memory = people();
    assert_eq!(answer(&memory, &call(DELETION)).await.status(), 201);
    let [filed] = &memory.requests()[..] else { panic!("one request is filed") };
    assert_eq!((filed.kind, filed.starts_at), (Kind::Delete, at("2026-01-05T10:30:00Z")));
    assert_eq!(memory.started(), [stamp().id]);
}

#[tokio::test]
async fn a_member_who_files_sees_the_members_view() {
    let reply = answer(&people(), &call(OWN_EXPORT)).await;
    assert_eq!((reply.status(), &reply.body()["status"]), (201, &json!("Processing")));
    for field in ["subjects", "requestor", "kind", "revoke", "counts"] {
        assert!(reply.body().get(field).is_none(), "{field}");
    }
}

#[tokio::test]
async fn a_request_is_filed_even_where_the_engine_is_down() {
    let memory = people().with_engine_down();
    assert_eq!(answer(&memory, &call(EXPORT)).await.status(), 201);
    assert_eq!(memory.requests().len(), 1);
    assert_eq!(memory.requests()[0].subjects, [address("bob@amber.example")]);
    assert_eq!(memory.started(), []);
}

#[tokio::test]
async fn an_id_that_is_taken_changes_nothing() {
    let memory = people();
    answer(&memory, &call(EXPORT)).await;
    let first = memory.requests();
    let reply = answer(&memory, &call(DELETION)).await;
    assert_eq!(reply, Reply::problem(&Problem::unavailable()));
    assert_eq!((memory.requests(), memory.started().len()), (first, 1));
}
