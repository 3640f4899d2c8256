//! Deletions on the strength of what their requestor has seen.

use habeas_domain::{EmailAddress, Order, Preview, Previewed, Tally};
use habeas_testkit::{Draft, account, address, at};
use serde_json::{Value, json};

use crate::world::{DELETION, EXPORT, UPLOAD, answer, answer_at, body, later, people, pointers, refusal};

/// What Ana has seen, an hour before, of what a deletion of Bob's data would erase.
fn preview() -> Preview {
    let order = Order::parse_preview(br#"{"subjects": ["bob@amber.example"]}"#).unwrap();
    let counted: [(EmailAddress, Tally); 1] =
        [(address("bob@amber.example"), [("chat_messages".to_owned(), 12)].into())];
    Preview::of(&account("amber").id, &order, &counted.into(), at("2026-01-05T09:00:00Z"))
}

/// A deletion of Bob's data on the strength of that, with parts of it changed.
fn previewed_deletion(changes: &[(&str, Value)]) -> Draft {
    let mut body = json!({
        "kind": "delete", "subjects": ["bob@amber.example"], "confirm": true, "preview_digest": preview().digest,
    });
    for (name, value) in changes {
        body[name] = value.clone();
    }
    Draft::of(DELETION).body(body.to_string())
}

#[tokio::test]
async fn a_deletion_keeps_what_its_requestor_has_seen() {
    let memory = people().with_preview("amber", preview());
    assert_eq!(answer(&memory, &previewed_deletion(&[]).call()).await.status(), 201);
    let [filed] = &memory.requests()[..] else { panic!("one request is filed") };
    assert_eq!(filed.preview, Some(Previewed::from(&preview())));
}

#[tokio::test]
async fn an_upload_of_a_deletion_names_its_preview_too() {
    let memory = people().with_preview("amber", preview());
    let digest = preview().digest;
    let query = [("kind", "delete"), ("confirm", "true"), ("preview_digest", digest.as_str())];
    let upload = Draft::of(UPLOAD).body("bob@amber.example\n").query(&query).call();
    assert_eq!(answer(&memory, &upload).await.status(), 201);
    assert_eq!(memory.requests()[0].preview, Some(Previewed::from(&preview())));
}

#[tokio::test]
async fn a_deletion_that_names_no_valid_preview_of_it_is_refused() {
    let old = Preview { counted_at: at("2026-01-04T10:00:00Z"), ..preview() };
    let others = json!(["ana@amber.example", "bob@amber.example"]);
    for (memory, deletion) in [
        (people(), previewed_deletion(&[])),
        (people().with_preview("birch", preview()), previewed_deletion(&[])),
        (people().with_preview("amber", old), previewed_deletion(&[])),
        (people().with_preview("amber", preview()), previewed_deletion(&[("subjects", others)])),
        (people().with_preview("amber", preview()), previewed_deletion(&[("data_types", json!(["chat"]))])),
    ] {
        let reply = answer(&memory, &deletion.call()).await;
        let slug = "urn:habeas:problem:preview-outdated";
        assert_eq!((reply.status(), &reply.body()["type"]), (409, &json!(slug)));
        assert!(memory.requests().is_empty() && memory.started().is_empty());
    }
}

#[tokio::test]
async fn a_preview_has_no_place_in_an_export_and_is_a_digest() {
    let digest = json!(preview().digest);
    let export = json!({"kind": "export", "subjects": ["bob@amber.example"], "preview_digest": digest});
    let of_export = Draft::of(EXPORT).body(export.to_string());
    for draft in [of_export, previewed_deletion(&[("preview_digest", json!("the last one"))])] {
        let (status, problem) = refusal(draft.call()).await;
        assert_eq!((status, pointers(&problem)), (422, vec!["/preview_digest"]));
    }
}

#[tokio::test]
async fn a_repeated_deletion_gets_the_first_answer_though_its_preview_is_over() {
    let memory = people().with_preview("amber", preview());
    let deletion = || previewed_deletion(&[]).header("idempotency-key", "k");
    let first = answer(&memory, &deletion().call()).await;
    assert_eq!(first.status(), 201);
    assert_eq!(answer_at(&memory, &deletion().call(), later(24 * 60 - 1)).await, first);
    let unseen = deletion().body(body(DELETION)).call();
    let slug = "urn:habeas:problem:idempotency-key-reused";
    assert_eq!(answer_at(&memory, &unseen, later(1)).await.body()["type"], json!(slug));
}
