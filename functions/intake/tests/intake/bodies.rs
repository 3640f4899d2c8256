//! Bodies that are not what a request takes, or too large, are refused.

use habeas_testkit::Draft;
use serde_json::json;

use crate::world::{EXPORT, answer, people, pointers, refusal};

#[tokio::test]
async fn a_bad_body_leaves_nothing_stored_and_nothing_started() {
    let bob = "bob@amber.example";
    let people: Vec<_> = (0..51).map(|n| format!("p{n}@amber.example")).collect();
    let backwards = json!({"from": "2026-02-01", "to": "2026-01-31"});
    for (body, status, pointer) in [
        (json!({"kind": "export", "subjects": [bob], "urgent": true}), 400, "/urgent"),
        (json!({"kind": "copy", "subjects": [bob]}), 400, "/kind"),
        (json!({"kind": "export", "subjects": [bob, "nobody"]}), 422, "/subjects/1"),
        (json!({"kind": "export", "subjects": []}), 422, "/subjects"),
        (json!({"kind": "export", "subjects": people}), 422, "/subjects"),
        (json!({"kind": "export", "subjects": [bob], "date_range": backwards}), 422, "/date_range/to"),
        (json!({"kind": "delete", "subjects": [bob]}), 422, "/confirm"),
        (json!({"kind": "delete", "subjects": [bob], "confirm": false}), 422, "/confirm"),
    ] {
        let (answered, problem) = refusal(Draft::of(EXPORT).body(body.to_string()).call()).await;
        assert_eq!((answered, pointers(&problem)), (status, vec![pointer]), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    for body in ["", "{", "null", "kind=export", "{\"kind\": \"export\"} {}", "[\"export\"]"] {
        let (status, problem) = refusal(Draft::of(EXPORT).body(body).call()).await;
        assert_eq!((status, &problem["type"]), (400, &json!("urn:habeas:problem:malformed")), "{body}");
    }
}

#[tokio::test]
async fn a_body_of_another_content_type_is_refused() {
    for content_type in ["text/html", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let (status, _) = refusal(Draft::of(EXPORT).header("content-type", content_type).call()).await;
        assert_eq!(status, 415, "{content_type}");
    }
    let json = Draft::of(EXPORT).header("content-type", "Application/JSON; charset=utf-8").call();
    assert_eq!(answer(&people(), &json).await.status(), 201);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let padded = |bytes: usize| {
        let body = json!({"kind": "export", "subjects": ["bob@amber.example"]}).to_string();
        let spaces = " ".repeat(bytes - body.len());
        Draft::of(EXPORT).body(body + &spaces).call()
    };
    assert_eq!(answer(&people(), &padded(64 << 10)).await.status(), 201);
    let (status, _) = refusal(padded((64 << 10) + 1)).await;
    assert_eq!(status, 413);
}
