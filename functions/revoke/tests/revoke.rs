use chrono::{DateTime, Utc};
use habeas_domain::{EventKind, Problem, Request, Requestor, Role, Status};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Draft, Memory, account, address, at, call, events, member, reply, request};
use revoke::Revoke;
use serde_json::json;

const REVOKE: &str = include_str!("../../../events/revoke/revoke.json");

/// Ana, an admin, Bob and Dan, members, of amber; Eve, the owner of birch.
fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("amber", "dan@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Owner), account("birch"))
}

fn in_time() -> DateTime<Utc> {
    at("2026-01-05T10:04:59Z")
}

async fn answer(memory: &Memory, call: &Call, now: DateTime<Utc>) -> Reply {
    let revoke = Revoke { requests: memory.clone(), notify: memory.clone() };
    reply(revoke.answer(call, now).await)
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("revoke") {
        let memory = people().with_request(request());
        let status = answer(&memory, &call(&event.text), in_time()).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
        assert_eq!(memory.requests() == [request()], event.is_rejected(), "{}", event.case);
    }
}

#[tokio::test]
async fn a_revoke_in_time_cancels_the_request_and_tells() {
    let memory = people().with_request(request());
    let reply = answer(&memory, &call(REVOKE), in_time()).await;
    assert_eq!((reply.status(), &reply.body()["status"]), (200, &json!("Canceled")));
    assert_eq!(reply.body()["revoke"]["possible"], false);
    let [stored] = &memory.requests()[..] else { panic!("one request is there") };
    assert_eq!((stored.status, stored.ended_at), (Status::Canceled, Some(in_time())));
    let last = stored.timeline.last().unwrap();
    assert_eq!((last.event, last.by.as_deref()), (EventKind::Revoked, Some("ana@amber.example")));
    assert_eq!(memory.told(), [stored.id]);
}

#[tokio::test]
async fn a_member_takes_back_what_they_filed() {
    let requestor =
        Requestor { email: address("bob@amber.example"), role: Role::Member, ..request().requestor };
    let memory = people().with_request(Request {
        requestor,
        subjects: vec![address("bob@amber.example")],
        ..request()
    });
    let call = Draft::of(REVOKE).by("bob@amber.example").call();
    let reply = answer(&memory, &call, in_time()).await;
    assert_eq!((reply.status(), &reply.body()["status"]), (200, &json!("Failed")));
    assert!(reply.body().get("subjects").is_none());
    assert_eq!(memory.requests()[0].status, Status::Canceled);
}

#[tokio::test]
async fn a_revoke_after_the_claim_is_told_it_lost() {
    for (winner, event, word) in [
        (Status::Processing, EventKind::Started, "being processed"),
        (Status::Completed, EventKind::Completed, "completed"),
        (Status::Failed, EventKind::Failed, "failed"),
        (Status::Canceled, EventKind::Revoked, "revoked already"),
    ] {
        let memory = people().with_request(request()).losing_to(winner, event);
        let reply = answer(&memory, &call(REVOKE), in_time()).await;
        assert_eq!(
            (reply.status(), &reply.body()["type"]),
            (409, &json!("urn:habeas:problem:not-revocable"))
        );
        let detail = reply.body()["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{winner:?}: {detail}");
        assert_eq!(memory.requests()[0].status, winner);
        assert_eq!(memory.requests()[0].timeline.events().len(), 2, "the winner's event and no other");
        assert_eq!(memory.told(), []);
    }
}

#[tokio::test]
async fn a_revoke_that_a_bounced_mail_overtakes_is_written_behind_it() {
    let memory = people().with_request(request()).losing_to(Status::Pending, EventKind::MailBounced);
    assert_eq!(answer(&memory, &call(REVOKE), in_time()).await.status(), 200);
    let [stored] = &memory.requests()[..] else { panic!("one request is there") };
    assert_eq!(stored.status, Status::Canceled);
    assert_eq!(stored.timeline.events().len(), 3);
    assert_eq!(stored.timeline.verify(stored.id), Ok(()));
}

#[tokio::test]
async fn a_request_that_has_ended_or_started_is_not_revoked() {
    for status in [Status::Processing, Status::Completed, Status::Failed, Status::Canceled] {
        let stored = Request { status, ..request() };
        let memory = people().with_request(stored.clone());
        assert_eq!(answer(&memory, &call(REVOKE), in_time()).await.status(), 409, "{status:?}");
        assert_eq!((memory.requests(), memory.told()), (vec![stored], vec![]));
    }
}

#[tokio::test]
async fn a_second_revoke_is_told_of_the_first() {
    let memory = people().with_request(request());
    answer(&memory, &call(REVOKE), in_time()).await;
    let once = memory.requests();
    let reply = answer(&memory, &call(REVOKE), in_time()).await;
    assert_eq!(
        (reply.status(), &reply.body()["detail"]),
        (409, &json!("The request has been revoked already."))
    );
    assert_eq!((memory.requests(), memory.told().len()), (once, 1));
}

#[tokio::test]
async fn a_revoke_at_or_after_the_start_is_too_late_even_while_pending() {
    for late in ["2026-01-05T10:05:00Z", "2026-01-05T11:00:00Z"] {
        let memory = people().with_request(request());
        assert_eq!(answer(&memory, &call(REVOKE), at(late)).await.status(), 409, "{late}");
        assert_eq!((memory.requests(), memory.told()), (vec![request()], vec![]));
    }
}

#[tokio::test]
async fn whoever_may_not_revoke_is_answered_as_if_there_were_nothing() {
    let memory = people().with_request(request());
    for hidden in [
        Draft::of(REVOKE).by("dan@amber.example"),
        Draft::of(REVOKE).by("eve@birch.example"),
        Draft::of(REVOKE).request("019b8d3a-0000-7000-8000-000000000077"),
        Draft::of(REVOKE).request("1"),
    ] {
        let reply = answer(&memory, &hidden.call(), in_time()).await;
        assert_eq!(reply, Reply::problem(&Problem::not_found()));
    }
    assert_eq!((memory.requests(), memory.told()), (vec![request()], vec![]));
}
