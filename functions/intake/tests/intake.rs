#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use chrono::TimeDelta;
use habeas_domain::{
    EmailAddress, Filing, IdempotencyKey, Kind, Order, Preview, Previewed, Problem, Request, RequestId, Role,
    Setting, Slots, Stamp, Status, Tally, Waits,
};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Draft, Memory, account, address, at, call, events, member, reply, settings_with};
use intake::Intake;
use serde_json::{Value, json};

const EXPORT: &str = include_str!("../../../events/intake/export.json");
const DELETION: &str = include_str!("../../../events/intake/deletion.json");
const UPLOAD: &str = include_str!("../../../events/intake/upload.json");
const OWN_EXPORT: &str = include_str!("../../../events/intake/own-export.json");

/// Ana, an admin, and Bob, a member, of amber; Eve, a member of birch.
fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Member), account("birch"))
        .with_settings("amber", settings_with("amber", Setting::SelfServiceRequests))
}

fn stamp() -> Stamp {
    Stamp {
        id: RequestId::parse("019b8d3a-0000-7000-8000-000000000001").unwrap(),
        at: at("2026-01-05T10:00:00Z"),
    }
}

async fn answer(memory: &Memory, call: &Call) -> Reply {
    answer_at(memory, call, stamp()).await
}

/// The same, at another moment and so with another id.
async fn answer_at(memory: &Memory, call: &Call, stamp: Stamp) -> Reply {
    let intake = Intake {
        directory: memory.clone(),
        participants: memory.clone(),
        requests: memory.clone(),
        executions: memory.clone(),
        waits: Waits { export: TimeDelta::minutes(5), delete: TimeDelta::minutes(30) },
    };
    reply(intake.answer(call, stamp).await)
}

/// Answers a call that has to be refused and has to leave nothing behind.
async fn refusal(call: Call) -> (u16, Value) {
    let memory = people();
    let reply = answer(&memory, &call).await;
    assert!(reply.status() >= 400, "{reply:?}");
    assert_eq!(memory.requests(), [], "nothing is stored");
    assert_eq!(memory.started(), [], "nothing is started");
    assert_eq!(memory.told(), [], "nobody is told");
    (reply.status(), reply.body().clone())
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}

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

#[tokio::test]
async fn a_member_who_files_sees_the_members_view() {
    let reply = answer(&people(), &call(OWN_EXPORT)).await;
    assert_eq!((reply.status(), &reply.body()["status"]), (201, &json!("Processing")));
    for field in ["subjects", "requestor", "kind", "revoke", "counts"] {
        assert!(reply.body().get(field).is_none(), "{field}");
    }
}

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

/// Some minutes after the first filing.
fn later(minutes: i64) -> Stamp {
    let at = stamp().at + TimeDelta::minutes(minutes);
    let id = format!("019b8d3a-0000-7000-8000-{:012}", minutes + 1);
    Stamp { id: RequestId::parse(&id).unwrap(), at }
}

fn keyed(key: &str) -> Draft {
    Draft::of(EXPORT).header("idempotency-key", key)
}

#[tokio::test]
async fn a_repeated_submit_gets_the_first_answer_for_a_day() {
    let memory = people();
    let first = answer(&memory, &keyed("k").call()).await;
    assert_eq!(first.status(), 201);
    for minutes in [1, 24 * 60 - 1] {
        assert_eq!(answer_at(&memory, &keyed("k").call(), later(minutes)).await, first);
    }
    assert_eq!((memory.requests().len(), memory.started().len()), (1, 1));
    // The key is free again, and now the order meets the one that is open.
    let next_day = answer_at(&memory, &keyed("k").call(), later(24 * 60)).await;
    assert_eq!((next_day.status(), &next_day.body()["type"]), (409, &json!("urn:habeas:problem:duplicate")));
}

#[tokio::test]
async fn the_first_answer_is_repeated_whatever_became_of_the_request() {
    let memory = people();
    let first = answer(&memory, &keyed("k").call()).await;
    let canceled = Request { status: Status::Canceled, ..memory.requests()[0].clone() };
    let memory = memory.with_request(canceled);
    assert_eq!(answer_at(&memory, &keyed("k").call(), later(1)).await, first);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_not_overlooked() {
    for key in ["", "a key", "schlüssel"] {
        let (status, problem) = refusal(keyed(key).call()).await;
        assert_eq!((status, &problem["type"]), (400, &json!("urn:habeas:problem:malformed")), "{key:?}");
    }
}

#[tokio::test]
async fn a_key_with_another_order_is_refused() {
    let memory = people();
    answer(&memory, &keyed("k").call()).await;
    let other = json!({"kind": "export", "subjects": ["ana@amber.example"]});
    let reply = answer_at(&memory, &keyed("k").body(other.to_string()).call(), later(1)).await;
    let slug = "urn:habeas:problem:idempotency-key-reused";
    assert_eq!((reply.status(), &reply.body()["type"]), (422, &json!(slug)));
    assert_eq!(memory.requests().len(), 1);
}

#[tokio::test]
async fn a_key_is_its_users_own() {
    let memory = people().with_member(member("amber", "amy@amber.example", Role::Owner), account("amber"));
    let body = json!({"kind": "export", "subjects": ["amy@amber.example"]}).to_string();
    assert_eq!(answer(&memory, &keyed("k").call()).await.status(), 201);
    let amys = keyed("k").by("amy@amber.example").body(body).call();
    assert_eq!(answer_at(&memory, &amys, later(1)).await.status(), 201);
    assert_eq!(memory.requests().len(), 2);
}

#[tokio::test]
async fn two_submits_at_once_make_one_request() {
    // The other one is filed between this one's look and its write.
    let other = people();
    let first = answer(&other, &keyed("k").call()).await;
    let order = Order::parse(body(EXPORT).as_bytes()).unwrap();
    let key = IdempotencyKey::parse("k").unwrap();
    let filing = Filing {
        fingerprint: order.fingerprint(),
        slots: Slots::of(&order, &member("amber", "ana@amber.example", Role::Admin), Some(&key)),
        request: other.requests()[0].clone(),
        seen_twins: vec![],
        open_twins: vec![],
    };
    let memory = people().filing_after(filing);
    assert_eq!(answer_at(&memory, &keyed("k").call(), later(1)).await, first);
    assert_eq!((memory.requests().len(), memory.started()), (1, vec![]));
}

fn body(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    event["body"].as_str().unwrap().to_owned()
}

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
