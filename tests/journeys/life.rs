//! The life of a request beside exporting and deleting: how it is filed,
//! repeated, found again, and what becomes of it with time.

use std::thread;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, SecondsFormat};
use habeas_local::{Api, Response};
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::sweeps::{LONG_AGO, item, key, request_key, set, sweep, until};
use crate::world::{World, journey, problem};

fn upload(api: &Api, query: &str, csv: &str) -> Response {
    let headers = [("content-type", "text/csv")];
    api.send("POST", &format!("/v1/requests?{query}"), &headers, csv.as_bytes()).unwrap()
}

/// Files something that waits for long enough to be looked at.
fn pending(world: &World, api: &Api) -> String {
    let body = json!({
        "kind": "delete", "subjects": [cast().spared], "confirm": true, "allow_duplicate": true,
    });
    world.file(api, &body)
}

fn revoke(api: &Api, id: &str) {
    let revoked = api.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap();
    assert_eq!(revoked.status, 200, "{}", revoked.text());
}

#[test]
fn an_upload_of_fifty_files_one_request_with_participants_who_are_no_members() {
    journey(async |world| {
        let admin = world.admin().await;
        let guests: Vec<String> = (0..48).map(|n| format!("[{n}]gu|est@elsewhere.example")).collect();
        for guest in &guests {
            attend(&world, guest, "aurora").await;
        }
        let lines = guests.join("\r\n");
        let csv = format!("\u{feff}email\r\n{}\r\n\"{}\"\r\n{lines}\r\n", cast().admin, cast().member);
        let filed = upload(&admin, "kind=export&data_types=meetings,chat", &csv);
        assert_eq!(filed.status, 201, "{}", filed.text());
        let filed: Value = filed.json().unwrap();
        assert_eq!(filed["subjects"].as_array().unwrap().len(), 50);
        let id = filed["id"].as_str().unwrap();
        assert_eq!(world.ended(&admin, id).await["status"], "Completed");

        // What another account has of them is not this one's to know.
        attend(&world, "far@elsewhere.example", "baltic").await;
        let stranger = upload(&admin, "kind=export", "far@elsewhere.example\nnobody\n");
        let errors: Value = stranger.json().unwrap();
        assert_eq!((stranger.status, &errors["errors"][0]["line"]), (422, &json!(2)));
        let stranger = upload(&admin, "kind=export", "far@elsewhere.example\n");
        let errors: Value = stranger.json().unwrap();
        assert_eq!((stranger.status, &errors["errors"][0]["line"]), (422, &json!(1)));

        let one_more = format!("{csv}one.more@elsewhere.example\r\n");
        assert_eq!(upload(&admin, "kind=export", &one_more).status, 422);
        let example = admin.get("/v1/requests/template.csv").unwrap();
        assert_eq!((example.status, example.header("content-type")), (200, Some("text/csv; charset=utf-8")));
        for guest in guests {
            leave(&world, &guest).await;
        }
        leave(&world, "far@elsewhere.example").await;
    });
}

#[test]
fn a_repeated_submit_gets_the_first_answer_and_two_at_once_make_one_request() {
    journey(async |world| {
        let admin = world.admin().await;
        let body = json!({"kind": "export", "subjects": [cast().admin], "data_types": ["whiteboards"]});
        let send = || {
            let headers = [("content-type", "application/json"), ("idempotency-key", "of-a-journey")];
            admin.send("POST", "/v1/requests", &headers, body.to_string().as_bytes()).unwrap()
        };
        let (one, other) = thread::scope(|scope| {
            let (one, other) = (scope.spawn(send), scope.spawn(send));
            (one.join().unwrap(), other.join().unwrap())
        });
        assert_eq!((one.status, other.status), (201, 201), "{} {}", one.text(), other.text());
        assert_eq!(one.body, other.body);
        let id = one.json::<Value>().unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        assert_eq!(send().body, one.body, "whatever became of it");

        let other = json!({"kind": "export", "subjects": [cast().member]}).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "of-a-journey")];
        let reused = admin.send("POST", "/v1/requests", &headers, other.as_bytes()).unwrap();
        assert_eq!(problem(&reused).1, "idempotency-key-reused");
    });
}

#[test]
fn the_same_again_is_refused_with_a_link_until_the_first_has_ended() {
    journey(async |world| {
        let admin = world.admin().await;
        let body = json!({"kind": "delete", "subjects": [cast().spared], "confirm": true});
        let id = world.file(&admin, &body);
        let again = admin.post("/v1/requests", &body).unwrap();
        assert_eq!(problem(&again).1, "duplicate");
        let link = again.json::<Value>().unwrap()["request"].as_str().unwrap().to_owned();
        assert_eq!(link, format!("/v1/requests/{id}"));
        assert_eq!(admin.get(&link).unwrap().status, 200);
        revoke(&admin, &id);
        let id = world.file(&admin, &body);
        revoke(&admin, &id);
    });
}

#[test]
fn the_history_is_filtered_and_saved_as_a_table() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = pending(&world, &admin);
        revoke(&admin, &id);
        let today = &world.request(&admin, &id)["created_at"].as_str().unwrap()[..10].to_owned();
        let person = cast().spared.replace('+', "%2B");
        let found = |query: &str| {
            let page: Value = admin.get(&format!("/v1/requests?{query}")).unwrap().json().unwrap();
            page["requests"].as_array().unwrap().iter().any(|request| request["id"] == json!(id))
        };
        let all = format!(
            "status=Canceled&kind=delete&subject={person}&requestor={}&from={today}&to={today}&limit=100",
            cast().admin
        );
        assert!(found(&all));
        assert!(found(&format!("subject={person}&limit=100")));
        assert!(!found("status=Completed&limit=100"));
        assert!(!found("to=2025-12-31&limit=100"));
        assert!(!found(&format!("requestor={}&limit=100", cast().member)));

        let table = admin.send("GET", "/v1/requests", &[("accept", "text/csv")], b"").unwrap();
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        let text = table.text();
        let line = text.lines().find(|line| line.starts_with(&id)).unwrap();
        assert!(line.contains(",delete,Canceled,") && line.contains(&cast().spared), "{line}");
    });
}

#[test]
fn the_timeline_says_who_did_what_and_its_chain_holds() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().member]}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        world.download(&admin, &id);
        // A mail about it comes back: SES tells so over EventBridge.
        let mut bounce: Value =
            serde_json::from_str(include_str!("../../events/feedback/bounce.json")).unwrap();
        bounce["detail"]["mail"]["tags"]["request"] = json!([id]);
        for recorded in [true, false] {
            let reply = world.stack.invoke("feedback", &bounce).await.unwrap();
            assert_eq!(reply.payload, json!({ "recorded": recorded }));
        }
        let request = world.request(&admin, &id);
        let timeline = request["timeline"].as_array().unwrap();
        let events: Vec<_> = timeline.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["filed", "started", "completed", "link_minted", "mail_bounced"]);
        let by: Vec<_> = timeline.iter().map(|event| event["by"].as_str().unwrap_or("-")).collect();
        assert_eq!(by, [cast().admin.as_str(), "-", "-", cast().admin.as_str(), "-"]);
        assert_eq!(timeline[4]["detail"], "received, permanent");
        assert_eq!(request["chain"], json!({"verified": true, "head": timeline[4]["hash"]}));
        assert!(request["days_left"].is_null() && request["ended_at"] == timeline[2]["at"]);
        // The record ends 24 months after the request.
        let row = item(&world, request_key(&id)).await;
        let kept: i64 = row["ttl"].as_n().unwrap().parse().unwrap();
        assert_eq!(kept, moment(&request["ended_at"]) + 731 * 86_400);
    });
}

#[test]
fn a_request_that_is_late_is_escalated_once() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = pending(&world, &admin);
        set(&world, request_key(&id), "SET due_at = :then, queue_at = :then", ":then", LONG_AGO).await;
        sweep(&world).await;
        let escalated =
            || world.mails_about(&id).iter().filter(|subject| subject.contains("overdue")).count();
        until(|| escalated() == 1, "the operator's mail").await;
        set(&world, request_key(&id), "SET queue_at = :then", ":then", LONG_AGO).await;
        sweep(&world).await;
        let last = || world.request(&admin, &id)["timeline"].as_array().unwrap().last().unwrap().clone();
        until(|| last()["event"] == "escalated", "the note that the operator was told").await;
        assert_eq!((last()["detail"].clone(), escalated()), (json!("overdue"), 1));
        assert_eq!(world.request(&admin, &id)["chain"]["verified"], true);
        // The workflow goes on behind the event that it has not seen.
        revoke(&admin, &id);
        assert_eq!(world.ended(&admin, &id).await["status"], "Canceled");
    });
}

#[test]
fn a_claim_and_an_end_go_on_behind_events_they_have_not_seen() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().spared]}));
        let mut event: Value =
            serde_json::from_str(include_str!("../../events/feedback/complaint.json")).unwrap();
        event["detail"]["mail"]["tags"]["request"] = json!([id]);
        let reply = world.stack.invoke("feedback", &event).await.unwrap();
        assert_eq!(reply.payload, json!({ "recorded": true }));
        let request = world.ended(&admin, &id).await;
        assert_eq!((&request["status"], &request["chain"]["verified"]), (&json!("Completed"), &json!(true)));
        assert_eq!(request["timeline"][1]["event"], "mail_complained");
    });
}

#[test]
fn a_request_without_a_sign_of_life_is_stopped_and_failed() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = pending(&world, &admin);
        let silent = "SET starts_at = :then, timeline[0].#at = :then, queue_at = :then";
        set(&world, request_key(&id), silent, ":then", LONG_AGO).await;
        sweep(&world).await;
        let request = world.ended(&admin, &id).await;
        assert_eq!(request["status"], "Failed");
        assert!(request["failure"].as_str().unwrap().contains("no sign of life"));
        let subject = "Your data deletion failed".to_owned();
        until(|| world.mails_about(&id).contains(&subject), "the mail").await;
    });
}

#[test]
fn an_archive_is_announced_and_removed_by_the_stream_and_by_the_sweep_alike() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().exported[0]]}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        let archive = || key(&format!("REQ#{id}"), "ARCHIVE");
        set(&world, archive(), "SET queue_at = :then", ":then", LONG_AGO).await;
        sweep(&world).await;
        let expires = |subject: &String| subject.contains("expires") || subject.contains("soon");
        until(|| world.mails_about(&id).iter().any(expires), "the mail that it goes soon").await;

        // DynamoDB's time to live removes the note, and the stream tells of it.
        let mut event: Value =
            serde_json::from_str(include_str!("../../events/expire/archive-removed.json")).unwrap();
        let record = &mut event["Records"][0]["dynamodb"];
        record["Keys"]["pk"]["S"] = json!(format!("REQ#{id}"));
        record["OldImage"]["pk"]["S"] = json!(format!("REQ#{id}"));
        record["OldImage"]["request"]["S"] = json!(id);
        let bucket = &world.stack.state().archive_bucket;
        // A note that went before its time ends nothing; the same event twice ends it once.
        for (expires_at, objects_left) in [("2999-01-01T00:00:00Z", 1), (LONG_AGO, 0), (LONG_AGO, 0)] {
            event["Records"][0]["dynamodb"]["OldImage"]["expires_at"]["S"] = json!(expires_at);
            let reply = world.stack.invoke("expire", &event).await.unwrap();
            assert_eq!(reply.payload["batchItemFailures"], json!([]), "{}", reply.payload);
            let left = world.objects(bucket, &format!("archives/{id}")).await;
            assert_eq!(left.len(), objects_left, "{expires_at}");
        }
        sweep(&world).await;
        let request = world.request(&admin, &id);
        let expired = request["timeline"].as_array().unwrap().iter();
        assert_eq!(expired.filter(|event| event["event"] == "expired").count(), 1);
        assert_eq!(request["chain"]["verified"], true);
    });
}

#[test]
fn a_link_works_until_the_archive_expires_and_not_a_second_longer() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().exported[1]]}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        let mint = || admin.post(&format!("/v1/requests/{id}/download"), &json!({})).unwrap();
        let now = moment(&mint().json::<Value>().unwrap()["expires_at"]) - LINK_SECONDS;
        let end = DateTime::from_timestamp(now + 4, 0).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);
        set(&world, request_key(&id), "SET #archive.expires_at = :then", ":then", &end).await;
        let link: Value = mint().json().unwrap();
        assert_eq!(link["expires_at"], json!(end), "the link ends with the archive");
        let url = link["url"].as_str().unwrap();
        assert_eq!(admin.fetch(url).unwrap().status, 200);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let late = mint();
        assert_eq!((problem(&late).0, problem(&late).1), (410, "expired".into()));
        assert_eq!(
            admin.fetch(url).unwrap().status,
            403,
            "the file is still there, and the link is not good"
        );
    });
}

#[test]
fn what_the_api_is_stands_open_to_everybody() {
    journey(async |world| {
        let reply = world.stack.api(None).get("/v1/openapi.json").unwrap();
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
        let written: Value = serde_json::from_str(include_str!("../../infra/openapi.json")).unwrap();
        assert_eq!(reply.json::<Value>().unwrap(), written);
    });
}

#[test]
fn the_key_that_receipts_are_checked_with_stands_open_to_everybody() {
    journey(async |world| {
        let reply = world.stack.api(None).get("/.well-known/habeas-receipt-key.pem").unwrap();
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/x-pem-file")));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"));
        assert!(reply.text().starts_with("-----BEGIN PUBLIC KEY-----\n"), "{}", reply.text());
    });
}

/// How long a link works in the stack of the journeys.
const LINK_SECONDS: i64 = 300;

/// A time of the API in seconds after the epoch.
fn moment(time: &Value) -> i64 {
    DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap().timestamp()
}

const ATTENDANCES: &str = "meetings-app-meeting_participants";

async fn attend(world: &World, email: &str, account: &str) {
    let text = |text: &str| AttributeValue::S(text.into());
    let put = world.stack.clients().dynamodb.put_item().table_name(ATTENDANCES);
    let put = put.item("meeting_id", text("of-a-journey")).item("email", text(email));
    let put = put.item("account_id", text(account)).item("joined_at", text("2026-03-01T00:00:00Z"));
    put.send().await.unwrap();
}

async fn leave(world: &World, email: &str) {
    let text = |text: &str| AttributeValue::S(text.into());
    let delete = world.stack.clients().dynamodb.delete_item().table_name(ATTENDANCES);
    delete.key("meeting_id", text("of-a-journey")).key("email", text(email)).send().await.unwrap();
}
