//! Who may file what, and about whom.

use habeas_domain::Role;
use habeas_testkit::{Draft, Memory, account, address, call, member};
use serde_json::json;

use crate::world::{EXPORT, OWN_EXPORT, answer, people, pointers, refusal};

#[tokio::test]
async fn a_member_neither_files_for_others_nor_deletes() {
    let others = json!({"kind": "export", "subjects": ["bob@amber.example", "ana@amber.example"]});
    let deletion = json!({"kind": "delete", "subjects": ["bob@amber.example"], "confirm": true});
    for (body, slug) in [(others, "others-need-administrator"), (deletion, "deletion-needs-administrator")] {
        let (status, problem) = refusal(Draft::of(OWN_EXPORT).body(body.to_string()).call()).await;
        assert_eq!((status, &problem["type"]), (403, &json!(format!("urn:habeas:problem:{slug}"))));
    }
}

#[tokio::test]
async fn a_member_of_an_account_without_self_service_files_nothing() {
    let memory =
        Memory::default().with_member(member("amber", "bob@amber.example", Role::Member), account("amber"));
    let reply = answer(&memory, &call(OWN_EXPORT)).await;
    assert_eq!((reply.status(), &reply.body()["type"]), (403, &json!("urn:habeas:problem:self-service-off")));
    assert!(memory.requests().is_empty() && memory.started().is_empty());
}

#[tokio::test]
async fn a_caller_whom_the_directory_does_not_know_is_refused() {
    for stranger in [
        Draft::of(EXPORT).by("nobody@amber.example"),
        Draft::of(EXPORT).by("not an address"),
        Draft::of(EXPORT).claim("email_verified", "false"),
    ] {
        let (status, problem) = refusal(stranger.call()).await;
        assert_eq!((status, &problem["type"]), (403, &json!("urn:habeas:problem:unknown-member")));
    }
}

#[tokio::test]
async fn a_subject_of_another_account_is_refused_like_one_that_does_not_exist() {
    let about = |subject: &str| {
        let body = json!({"kind": "export", "subjects": ["bob@amber.example", subject]});
        Draft::of(EXPORT).body(body.to_string()).call()
    };
    let (status, problem) = refusal(about("eve@birch.example")).await;
    assert_eq!((status, pointers(&problem)), (422, vec!["/subjects"]));
    let (_, nobody) = refusal(about("nil@birch.example")).await;
    assert_eq!(problem.to_string().replace("eve@", "nil@"), nobody.to_string());
}

#[tokio::test]
async fn participants_are_known_to_administrators_and_to_nobody_else() {
    let guest = address("guest@elsewhere.example");
    let about = |by: &str| {
        let body = json!({"kind": "export", "subjects": ["guest@elsewhere.example"]});
        Draft::of(EXPORT).by(by).body(body.to_string()).call()
    };
    let memory = people().with_participant("amber", &guest);
    assert_eq!(answer(&memory, &about("ana@amber.example")).await.status(), 201);
    let elsewhere = people().with_participant("birch", &guest);
    assert_eq!(answer(&elsewhere, &about("ana@amber.example")).await.status(), 422);
    assert_eq!(answer(&memory, &about("bob@amber.example")).await.status(), 403);
}
