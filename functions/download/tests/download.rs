use chrono::{DateTime, TimeDelta, Utc};
use download::Download;
use habeas_domain::{Archive, EventKind, Kind, Problem, Request, Requestor, Role, Status};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Draft, Memory, account, address, at, call, events, member, reply, request};
use serde_json::json;

const LINK: &str = include_str!("../../../events/download/link.json");

const EXPIRES: &str = "2026-04-05T10:06:00Z";

/// Ana, an admin, and Bob, a member, of amber; Eve, the owner of birch.
fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Owner), account("birch"))
}

/// Ana's export of Bob's data, which has an archive.
fn completed() -> Request {
    let archive = Archive {
        key: "archives/1.zip".into(),
        residency: habeas_domain::Residency::Us,
        bytes: 1_024,
        expires_at: at(EXPIRES),
        removed_at: None,
        withdrawn_by: None,
    };
    Request { status: Status::Completed, archive: Some(archive), ..request() }
}

async fn answer(memory: &Memory, call: &Call, now: DateTime<Utc>) -> Reply {
    let download =
        Download { requests: memory.clone(), archives: memory.clone(), link: TimeDelta::minutes(5) };
    reply(download.answer(call, now).await)
}

fn midday() -> DateTime<Utc> {
    at("2026-01-05T12:00:00Z")
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("download") {
        let memory = people().with_request(completed());
        let status = answer(&memory, &call(&event.text), midday()).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
        assert_eq!(memory.requests() == [completed()], event.is_rejected(), "{}", event.case);
    }
}

#[tokio::test]
async fn a_link_works_for_minutes_and_names_the_file() {
    let reply = answer(&people().with_request(completed()), &call(LINK), midday()).await;
    assert_eq!((reply.status(), &reply.body()["expires_at"]), (200, &json!("2026-01-05T12:05:00Z")));
    let url = reply.body()["url"].as_str().unwrap();
    let name = format!("habeas-export-2026-01-05-{}.zip", request().id);
    let until = at("2026-01-05T12:05:00Z").timestamp();
    assert_eq!(url, format!("memory:archives/1.zip?name={name}&until={until}"));
}

#[tokio::test]
async fn a_link_never_outlives_the_archive() {
    for (now, until) in [
        ("2026-04-05T10:00:59Z", "2026-04-05T10:05:59Z"),
        ("2026-04-05T10:01:00Z", EXPIRES),
        ("2026-04-05T10:03:00Z", EXPIRES),
        ("2026-04-05T10:05:59Z", EXPIRES),
    ] {
        let reply = answer(&people().with_request(completed()), &call(LINK), at(now)).await;
        assert_eq!((reply.status(), &reply.body()["expires_at"]), (200, &json!(until)), "{now}");
        let url = reply.body()["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("until={}", at(until).timestamp())), "{url}");
    }
}

#[tokio::test]
async fn an_archive_is_gone_from_its_expiry_on() {
    for late in [EXPIRES, "2026-04-05T10:06:01Z", "2027-01-01T00:00:00Z"] {
        let memory = people().with_request(completed());
        let reply = answer(&memory, &call(LINK), at(late)).await;
        assert_eq!(
            (reply.status(), &reply.body()["title"]),
            (410, &json!("Download link expired")),
            "{late}"
        );
        assert_eq!(memory.requests(), [completed()]);
    }
}

#[tokio::test]
async fn every_link_is_recorded_with_who_asked_for_it() {
    let memory = people().with_request(completed());
    let times = [midday(), midday() + TimeDelta::minutes(1)];
    for now in times {
        answer(&memory, &call(LINK), now).await;
    }
    let stored = &memory.requests()[0];
    let events = stored.timeline.events()[1..].iter();
    let minted: Vec<_> = events.map(|event| (event.at, event.event, event.by.as_deref())).collect();
    assert_eq!(minted, times.map(|at| (at, EventKind::LinkMinted, Some("ana@amber.example"))));
    assert_eq!(stored.timeline.verify(stored.id), Ok(()));
}

#[tokio::test]
async fn a_request_that_has_not_completed_has_nothing_to_download_yet() {
    for status in [Status::Pending, Status::Processing, Status::Failed, Status::Canceled] {
        let stored = Request { status, ..request() };
        let memory = people().with_request(stored.clone());
        let reply = answer(&memory, &call(LINK), midday()).await;
        assert_eq!(
            (reply.status(), &reply.body()["type"]),
            (409, &json!("urn:habeas:problem:not-ready")),
            "{status:?}"
        );
        assert_eq!(memory.requests(), [stored]);
    }
}

#[tokio::test]
async fn a_deletion_never_has_anything_to_download() {
    for status in [Status::Pending, Status::Completed] {
        let memory = people().with_request(Request { kind: Kind::Delete, status, ..request() });
        let reply = answer(&memory, &call(LINK), midday()).await;
        assert_eq!(
            (reply.status(), &reply.body()["detail"]),
            (409, &json!("A deletion has no archive to download."))
        );
    }
}

#[tokio::test]
async fn a_link_that_could_not_be_recorded_is_not_handed_out() {
    let memory = people().with_request(completed()).losing_to(Status::Failed, EventKind::Failed);
    let reply = answer(&memory, &call(LINK), midday()).await;
    assert_eq!((reply.status(), reply.body().get("url")), (409, None));
    let mut full = completed();
    for _ in 0..900 {
        full = full.with_event(midday(), EventKind::LinkMinted, None, None);
    }
    let reply = answer(&people().with_request(full), &call(LINK), midday()).await;
    assert_eq!((reply.status(), reply.body().get("url")), (409, None));
}

#[tokio::test]
async fn a_link_that_another_one_overtakes_is_recorded_behind_it() {
    let memory = people().with_request(completed()).losing_to(Status::Completed, EventKind::LinkMinted);
    assert_eq!(answer(&memory, &call(LINK), midday()).await.status(), 200);
    assert_eq!(memory.requests()[0].timeline.events().len(), 3);
}

#[tokio::test]
async fn the_member_who_filed_downloads_and_nobody_else_without_a_role() {
    let requestor =
        Requestor { email: address("bob@amber.example"), role: Role::Member, ..request().requestor };
    let own = people().with_request(Request {
        requestor,
        subjects: vec![address("bob@amber.example")],
        ..completed()
    });
    let bob = Draft::of(LINK).by("bob@amber.example").call();
    assert_eq!(answer(&own, &bob, midday()).await.status(), 200);

    let others = people().with_request(completed());
    for hidden in [
        Draft::of(LINK).by("bob@amber.example"),
        Draft::of(LINK).by("eve@birch.example"),
        Draft::of(LINK).request("019b8d3a-0000-7000-8000-000000000077"),
    ] {
        let reply = answer(&others, &hidden.call(), midday()).await;
        assert_eq!(reply, Reply::problem(&Problem::not_found()));
    }
    assert_eq!(others.requests(), [completed()]);
}
