#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use aws_lambda_events::http::HeaderName;
use habeas_domain::{
    EventKind, Kind, Problem, Request, RequestId, Requestor, Role, Status, TEMPLATE, Timeline,
};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Draft, Memory, account, address, at, call, events, member, reply, request};
use history::History;
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../events/history/page.json");
const OWN: &str = include_str!("../../../events/history/own.json");
const TABLE: &str = include_str!("../../../events/history/table.json");
const EXAMPLE: &str = include_str!("../../../events/history/template.json");
const LINK: HeaderName = HeaderName::from_static("link");
const ONE: &str = include_str!("../../../events/history/one.json");

fn id(number: u8) -> String {
    format!("019b8d3a-0000-7000-8000-0000000000{number:02}")
}

fn filed(number: u8, by: &str) -> Request {
    let requestor = Requestor { email: address(by), ..request().requestor };
    let id = RequestId::parse(&id(number)).unwrap();
    let timeline = Timeline::begin(id, request().created_at, &requestor.email);
    Request { id, requestor, timeline, ..request() }
}

/// Ana, an admin of amber, filed 1, 3 and 5; Bob, a member, 2 and 4; Eve, the
/// owner of birch, 9.
fn people() -> Memory {
    let memory = Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Owner), account("birch"));
    let foreign = Request { account: account("birch").id, ..filed(9, "eve@birch.example") };
    [1, 3, 5]
        .map(|number| filed(number, "ana@amber.example"))
        .into_iter()
        .chain([2, 4].map(|number| filed(number, "bob@amber.example")))
        .fold(memory.with_request(foreign), Memory::with_request)
}

async fn answer(memory: &Memory, call: &Call) -> Reply {
    let history = History { directory: memory.clone(), requests: memory.clone(), page_requests_max: 100 };
    reply(history.answer(call, at("2026-01-05T10:01:00Z")).await)
}

fn ids(page: &Value) -> Vec<&str> {
    page["requests"].as_array().unwrap().iter().map(|request| request["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("history") {
        let status = answer(&people(), &call(&event.text)).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
    }
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_request_and_name_each_once() {
    let memory = people();
    let mut seen = Vec::new();
    let mut page = answer(&memory, &call(PAGE)).await.body().clone();
    loop {
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page).iter().map(ToString::to_string));
        let Some(next) = page["next"].as_str() else { break };
        let call = Draft::of(PAGE).query(&[("limit", "2"), ("cursor", next)]).call();
        page = answer(&memory, &call).await.body().clone();
    }
    assert_eq!(seen, [id(5), id(4), id(3), id(2), id(1)]);
}

#[tokio::test]
async fn the_last_page_has_no_cursor_even_where_it_is_full() {
    let page = answer(&people(), &Draft::of(PAGE).query(&[("limit", "5")]).call()).await;
    assert_eq!(ids(page.body()).len(), 5);
    assert!(page.body().get("next").is_none());
}

#[tokio::test]
async fn a_member_sees_only_their_own_requests_with_fewer_fields() {
    let page = answer(&people(), &call(OWN)).await;
    assert_eq!(ids(page.body()), [id(4), id(2)]);
    assert_eq!(
        page.body()["requests"][0],
        json!({
            "id": id(4), "created_at": "2026-01-05T10:00:00Z", "date_range": null,
            "status": "Processing", "download": {"state": "none"}, "failure": null,
        })
    );
}

#[tokio::test]
async fn a_member_pages_through_their_own_requests() {
    let first = answer(&people(), &Draft::of(OWN).query(&[("limit", "1")]).call()).await;
    assert_eq!((ids(first.body()), &first.body()["next"]), (vec![id(4).as_str()], &json!(id(4))));
    let rest = Draft::of(OWN).query(&[("limit", "1"), ("cursor", &id(4))]).call();
    let rest = answer(&people(), &rest).await;
    assert_eq!(ids(rest.body()), [id(2)]);
    assert!(rest.body().get("next").is_none());
}

#[tokio::test]
async fn a_canceled_request_is_a_failed_one_with_the_reason_to_a_member() {
    let canceled = Request { status: Status::Canceled, ..filed(2, "bob@amber.example") };
    let call = Draft::of(ONE).by("bob@amber.example").request(&id(2)).call();
    let shown = answer(&people().with_request(canceled), &call).await;
    assert_eq!(shown.body()["status"], "Failed");
    assert_eq!(shown.body()["failure"], "The request was canceled.");
    assert!(shown.body().get("timeline").is_none());
}

#[tokio::test]
async fn an_administrator_sees_one_request_with_its_timeline() {
    let shown = answer(&people(), &call(ONE)).await;
    assert_eq!((shown.status(), &shown.body()["id"]), (200, &json!(id(1))));
    assert_eq!(shown.body()["requestor"]["email"], "ana@amber.example");
    assert_eq!(shown.body()["timeline"][0]["event"], json!(EventKind::Filed));
    assert_eq!(shown.body()["days_left"], 29);
    let head = &shown.body()["timeline"][0]["hash"];
    assert_eq!(shown.body()["chain"], json!({"verified": true, "head": head}));
}

#[tokio::test]
async fn a_timeline_that_was_tampered_with_is_shown_as_such() {
    let stored = filed(1, "ana@amber.example");
    let mut rows = json!(stored);
    rows["timeline"][0]["by"] = json!("bob@amber.example");
    let tampered: Request = serde_json::from_value(rows).unwrap();
    let shown = answer(&people().with_request(tampered), &call(ONE)).await;
    assert_eq!(shown.body()["chain"], json!({"verified": false, "broken_at": 1}));
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let failed = Request { status: Status::Failed, ..filed(3, "ana@amber.example") };
    let deletion = Request { kind: Kind::Delete, ..filed(5, "ana@amber.example") };
    let memory = people().with_request(failed).with_request(deletion);
    for (query, found) in [
        (&[("status", "Failed")][..], vec![id(3)]),
        (&[("kind", "delete")], vec![id(5)]),
        (&[("requestor", "bob@amber.example")], vec![id(4), id(2)]),
        (&[("requestor", "eve@birch.example")], vec![]),
        (
            &[("subject", "bob@amber.example"), ("status", "Pending"), ("kind", "export")],
            vec![id(4), id(2), id(1)],
        ),
        (&[("subject", "ana@amber.example")], vec![]),
        (&[("from", "2026-01-06")], vec![]),
        (&[("to", "2026-01-05"), ("limit", "1")], vec![id(5)]),
    ] {
        let page = answer(&memory, &Draft::of(PAGE).query(query).call()).await;
        assert_eq!(
            (page.status(), ids(page.body())),
            (200, found.iter().map(String::as_str).collect()),
            "{query:?}"
        );
    }
}

#[tokio::test]
async fn a_member_filters_by_what_they_see() {
    let completed = Request { status: Status::Completed, ..filed(2, "bob@amber.example") };
    let memory = people().with_request(completed);
    let page = answer(&memory, &Draft::of(OWN).query(&[("status", "Processing")]).call()).await;
    assert_eq!(ids(page.body()), [id(4)]);
    for query in [("subject", "ana@amber.example"), ("requestor", "ana@amber.example"), ("kind", "export")] {
        let refused = answer(&memory, &Draft::of(OWN).query(&[query]).call()).await;
        assert_eq!(refused.status(), 400, "{query:?}");
    }
}

#[tokio::test]
async fn a_table_has_a_line_for_each_request_and_says_where_it_goes_on() {
    let requestor = Requestor { name: "=HYPERLINK(\"x\")".into(), ..request().requestor };
    let memory = people().with_request(Request { requestor, ..filed(5, "ana@amber.example") });
    let call = Draft::of(TABLE).query(&[("limit", "2")]).call();
    let table = answer(&memory, &call).await;
    let text = table.text();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "a header, two requests and the end: {text}");
    assert!(lines[0].starts_with("id,created_at,kind,status,subjects,requestor_name"), "{}", lines[0]);
    assert!(lines[1].starts_with(&id(5)) && lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""), "{}", lines[1]);
    let link = table.header(&LINK).unwrap();
    assert_eq!(link, format!("</v1/requests?limit=2&cursor={}>; rel=\"next\"", id(4)));
    let own = answer(&memory, &Draft::of(TABLE).by("bob@amber.example").call()).await;
    assert!(own.text().starts_with("id,created_at,from,to,status,failure,download\r\n"), "{}", own.text());
}

#[tokio::test]
async fn the_example_is_for_those_who_upload() {
    let example = answer(&people(), &call(EXAMPLE)).await;
    assert_eq!((example.status(), example.text().as_str()), (200, TEMPLATE));
    let refused = answer(&people(), &Draft::of(EXAMPLE).by("bob@amber.example").call()).await;
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn a_request_of_another_account_is_the_very_same_bytes_as_one_that_does_not_exist() {
    let memory = people();
    let missing = answer(&memory, &Draft::of(ONE).request(&id(77)).call()).await;
    assert_eq!(missing, Reply::problem(&Problem::not_found()));
    for hidden in [
        Draft::of(ONE).request(&id(9)),
        Draft::of(ONE).request("1"),
        Draft::of(ONE).request("{019b8d3a-0000-7000-8000-000000000001}"),
        Draft::of(ONE).request("019B8D3A-0000-7000-8000-000000000001"),
        Draft::of(ONE).by("bob@amber.example").request(&id(1)),
        Draft::of(ONE).by("eve@birch.example").request(&id(1)),
    ] {
        let hidden = answer(&memory, &hidden.call()).await;
        assert_eq!(hidden, missing);
        assert_eq!(hidden.body().to_string(), missing.body().to_string());
    }
}

#[tokio::test]
async fn a_cursor_from_another_account_shows_nothing_of_that_account() {
    let page = answer(&people(), &Draft::of(PAGE).query(&[("cursor", &id(9))]).call()).await;
    assert_eq!(ids(page.body()), [id(5), id(4), id(3), id(2), id(1)]);
}

#[tokio::test]
async fn a_bad_limit_cursor_or_unknown_query_parameter_is_refused() {
    for query in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "99999999999"),
        ("limit", "1,2"),
        ("cursor", "tomorrow"),
        ("cursor", ""),
        ("stauts", "Failed"),
    ] {
        let reply = answer(&people(), &Draft::of(PAGE).query(&[query]).call()).await;
        assert_eq!(reply.status(), 400, "{query:?}");
        assert!(reply.body()["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let one = answer(&people(), &Draft::of(ONE).query(&[("limit", "1")]).call()).await;
    assert_eq!(one.status(), 400);
}

#[tokio::test]
async fn a_caller_whom_the_directory_does_not_know_is_refused() {
    for event in [PAGE, ONE] {
        let reply = answer(&people(), &Draft::of(event).by("nobody@amber.example").call()).await;
        assert_eq!(reply, Reply::problem(&Problem::unknown_member()));
    }
}
