use aws_lambda_events::http::header::CACHE_CONTROL;
use habeas_domain::{Kind, Problem, ReceiptKey, Request, Requestor, Role, Status};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Draft, Memory, account, address, call, events, member, reply, request, signed_receipt};
use receipt::Receipt;
use serde_json::json;

const RECEIPT: &str = include_str!("../../../events/receipt/receipt.json");
const KEY: &str = include_str!("../../../events/receipt/key.json");

/// Ana, an admin, Olga, the owner, and Bob, a member, of amber; Eve, the owner of birch.
fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "olga@amber.example", Role::Owner), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Owner), account("birch"))
}

/// Ana's deletion of Bob's data, which has ended.
fn completed() -> Request {
    Request { kind: Kind::Delete, status: Status::Completed, ..request() }
}

fn with_receipt() -> Memory {
    people().with_request(completed()).with_receipt(completed().id, signed_receipt())
}

async fn answer(memory: &Memory, call: &Call) -> Reply {
    let receipt = Receipt { requests: memory.clone(), key: memory.clone() };
    reply(receipt.answer(call).await)
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("receipt") {
        let status = answer(&with_receipt(), &call(&event.text)).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
    }
}

#[tokio::test]
async fn owners_and_admins_get_the_receipt_as_it_was_signed() {
    for who in ["ana@amber.example", "olga@amber.example"] {
        let reply = answer(&with_receipt(), &Draft::of(RECEIPT).by(who).call()).await;
        let expected = json!({
            "request": completed().id,
            "receipt": signed_receipt().receipt,
            "signature": signed_receipt().signature,
            "algorithm": "ECDSA_SHA_256",
            "key": signed_receipt().key,
        });
        assert_eq!((reply.status(), reply.body()), (200, &expected), "{who}");
        assert_eq!(reply.header(&CACHE_CONTROL), None, "nothing on the way keeps it");
    }
}

#[tokio::test]
async fn to_everybody_else_a_deletion_does_not_exist() {
    for hidden in [
        Draft::of(RECEIPT).by("bob@amber.example"),
        Draft::of(RECEIPT).by("eve@birch.example"),
        Draft::of(RECEIPT).request("019b8d3a-0000-7000-8000-000000000077"),
    ] {
        let reply = answer(&with_receipt(), &hidden.call()).await;
        assert_eq!(reply, Reply::problem(&Problem::not_found()));
    }
}

#[tokio::test]
async fn a_member_is_told_that_receipts_are_not_for_members_of_what_is_their_own() {
    let requestor =
        Requestor { email: address("bob@amber.example"), role: Role::Member, ..request().requestor };
    // An export of their own, and a deletion from when they were an admin.
    for own in [request(), completed()] {
        let own = Request { requestor: requestor.clone(), ..own };
        let memory = people().with_receipt(own.id, signed_receipt()).with_request(own);
        let reply = answer(&memory, &Draft::of(RECEIPT).by("bob@amber.example").call()).await;
        let told = json!("urn:habeas:problem:receipt-needs-administrator");
        assert_eq!((reply.status(), &reply.body()["type"]), (403, &told));
    }
}

#[tokio::test]
async fn what_has_no_receipt_says_why() {
    for (kind, status, why) in [
        (Kind::Export, Status::Completed, "An export has no receipt."),
        (Kind::Export, Status::Pending, "An export has no receipt."),
        (Kind::Delete, Status::Pending, "not finished"),
        (Kind::Delete, Status::Processing, "not finished"),
        (Kind::Delete, Status::Failed, "failed"),
        (Kind::Delete, Status::Canceled, "taken back"),
    ] {
        // A deletion that failed at its very end may have left one behind.
        let memory = people()
            .with_request(Request { kind, status, ..request() })
            .with_receipt(request().id, signed_receipt());
        let reply = answer(&memory, &call(RECEIPT)).await;
        let told = json!("urn:habeas:problem:not-ready");
        assert_eq!((reply.status(), &reply.body()["type"]), (409, &told), "{kind:?} {status:?}");
        let detail = reply.body()["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{kind:?} {status:?}: {detail}");
    }
}

#[tokio::test]
async fn a_deletion_of_an_earlier_version_has_none() {
    let reply = answer(&people().with_request(completed()), &call(RECEIPT)).await;
    assert_eq!((reply.status(), &reply.body()["type"]), (404, &json!("urn:habeas:problem:not-found")));
    assert!(reply.body()["detail"].as_str().unwrap().contains("no receipt of this deletion"));
}

#[tokio::test]
async fn anybody_gets_the_public_key_and_may_keep_it_for_an_hour() {
    let memory = Memory::default();
    let reply = answer(&memory, &call(KEY)).await;
    assert_eq!((reply.status(), reply.text()), (200, memory.public_key_pem().await.unwrap()));
    assert_eq!(reply.header(&CACHE_CONTROL), Some("public, max-age=3600"));
}
