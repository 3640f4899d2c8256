//! Lists of people that are uploaded.

use habeas_testkit::{Draft, call};
use serde_json::json;

use crate::world::{EXPORT, UPLOAD, answer, people, refusal};

#[tokio::test]
async fn an_upload_files_a_request_and_reports_every_bad_line() {
    let memory = people();
    let reply = answer(&memory, &call(UPLOAD)).await;
    assert_eq!(reply.status(), 201);
    assert_eq!(reply.body()["subjects"], json!(["ana@amber.example", "bob@amber.example"]));
    assert_eq!(reply.body()["date_range"], json!({"from": "2026-01-01", "to": "2026-03-31"}));

    let bad = "email\nbob@amber.example\nnobody\n\nbob@amber.example,Bob\n";
    let (status, problem) = refusal(Draft::of(UPLOAD).body(bad).call()).await;
    let lines: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["line"]).collect();
    assert_eq!((status, lines), (422, vec![&json!(3), &json!(5)]));
}

#[tokio::test]
async fn a_query_with_json_and_an_unknown_query_with_csv_are_refused() {
    refusal(Draft::of(EXPORT).query(&[("kind", "export")]).call()).await;
    let (status, _) = refusal(Draft::of(UPLOAD).query(&[("kind", "export"), ("types", "chat")]).call()).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_member_uploads_nothing() {
    let own = Draft::of(UPLOAD).by("bob@amber.example").body("bob@amber.example").call();
    let (status, problem) = refusal(own).await;
    assert_eq!((status, &problem["type"]), (403, &json!("urn:habeas:problem:upload-needs-administrator")));
}
