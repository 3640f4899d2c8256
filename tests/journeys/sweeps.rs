use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::world::{World, journey, problem};

pub(crate) const LONG_AGO: &str = "2026-01-01T00:00:00Z";
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_request_whose_workflow_was_stopped_fails_and_is_told() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [cast().spared], "confirm": true}));
        let execution = world.execution(&id);
        world.stack.clients().sfn.stop_execution().execution_arn(execution).send().await.unwrap();
        let key = request_key(&id);
        set(&world, key, "SET queue_at = :then", ":then", LONG_AGO).await;
        // The schedule's own sweep may have been quicker: what counts is what comes of it.
        sweep(&world).await;
        let request = world.request(&admin, &id);
        assert_eq!(request["status"], "Failed");
        assert!(request["failure"].as_str().unwrap().contains("stopped"));
        until(|| world.mails_about(&id).contains(&"Your data deletion failed".to_owned()), "the mail").await;
        // Nothing is left to do for it.
        assert_eq!(sweep(&world).await["failed"], 0);
    });
}

#[test]
fn a_request_that_was_filed_and_never_started_is_started() {
    journey(async |world| {
        let admin = world.admin().await;
        let filed = world.file(&admin, &json!({"kind": "export", "subjects": [cast().admin]}));
        world.ended(&admin, &filed).await;
        // The same request under an id of its own, as it lies there right after filing.
        let id = "019b8d3a-0000-7000-8000-0000000000aa";
        let mut row = item(&world, request_key(&filed)).await;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        for (field, value) in [("id", id), ("status", "Pending"), ("queue", "OPEN"), ("queue_at", LONG_AGO)] {
            row.insert(field.to_owned(), text(value));
        }
        row.insert("pk".to_owned(), text(&format!("REQ#{id}")));
        let filed = row["timeline"].as_l().unwrap()[0].clone();
        row.insert("head".to_owned(), filed.as_m().unwrap()["hash"].clone());
        row.insert("timeline".to_owned(), AttributeValue::L(vec![filed]));
        let later = ["archive", "counts", "ended_at", "claimed_by", "ttl"];
        row.retain(|field, _| !later.contains(&field.as_str()));
        let put = world.stack.clients().dynamodb.put_item().table_name(&world.stack.state().table);
        put.set_item(Some(row)).send().await.unwrap();
        sweep(&world).await;
        assert_eq!(world.ended(&admin, id).await["status"], "Completed");
    });
}

#[test]
fn an_expired_archive_is_refused_at_once_and_removed_by_the_sweep() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().admin]}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        world.download(&admin, &id);
        set(&world, request_key(&id), "SET #archive.expires_at = :then", ":then", LONG_AGO).await;
        let refused = admin.post(&format!("/v1/requests/{id}/download"), &json!({})).unwrap();
        assert_eq!(problem(&refused).0, 410);
        assert_eq!(refused.json::<Value>().unwrap()["title"], "Download link expired");
        assert_eq!(world.request(&admin, &id)["download"]["state"], "expired");

        let archive = key(&format!("REQ#{id}"), "ARCHIVE");
        set(&world, archive, "SET queue_at = :then, expires_at = :then", ":then", LONG_AGO).await;
        sweep(&world).await;
        let request = world.request(&admin, &id);
        let last = request["timeline"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["event"], &request["chain"]["verified"]), (&json!("expired"), &json!(true)));
        let bucket = &world.stack.state().archive_bucket;
        assert_eq!(world.objects(bucket, &format!("archives/{id}")).await, []);
        assert_eq!(sweep(&world).await["expired"], 0);
    });
}

#[test]
fn an_end_that_cannot_be_told_for_a_day_is_noted_and_let_be() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().spared]}));
        assert_eq!(admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap().status, 200);
        world.ended(&admin, &id).await;
        // As if nobody had ever been told.
        let mail = key(&format!("REQ#{id}"), "MAIL#canceled");
        until(|| world.mails_about(&id).iter().any(|subject| subject.contains("canceled")), "the mail").await;
        remove(&world, mail).await;
        set(&world, request_key(&id), "SET queue = :queue", ":queue", "OPEN").await;
        let long = "SET queue_at = :then, tell_since = :then";
        set(&world, request_key(&id), long, ":then", LONG_AGO).await;
        for _ in 0..2 {
            sweep(&world).await;
        }
        let row = item(&world, request_key(&id)).await;
        assert!(!row.contains_key("queue"));
        let timeline = world.request(&admin, &id)["timeline"].as_array().unwrap().clone();
        let notes: Vec<_> = timeline.iter().filter(|event| event["event"] == "mail_bounced").collect();
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0]["detail"], "canceled, not sent");
    });
}

pub(crate) async fn sweep(world: &World) -> Value {
    let tick = json!({"detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": {}});
    let reply = world.stack.invoke("sweep", &tick).await.unwrap();
    assert_eq!(reply.function_error, None, "{}", reply.payload);
    assert_eq!(reply.payload["left"], 0);
    reply.payload
}

pub(crate) type Key = HashMap<String, AttributeValue>;

pub(crate) fn key(pk: &str, sk: &str) -> Key {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(crate) fn request_key(id: &str) -> Key {
    key(&format!("REQ#{id}"), "REQUEST")
}

pub(crate) async fn item(world: &World, key: Key) -> Key {
    let get = world.stack.clients().dynamodb.get_item().table_name(&world.stack.state().table);
    get.set_key(Some(key)).send().await.unwrap().item.unwrap()
}

async fn remove(world: &World, key: Key) {
    let delete = world.stack.clients().dynamodb.delete_item().table_name(&world.stack.state().table);
    delete.set_key(Some(key)).send().await.unwrap();
}

pub(crate) async fn set(world: &World, key: Key, update: &str, name: &str, value: &str) {
    let write = world.stack.clients().dynamodb.update_item().table_name(&world.stack.state().table);
    let mut write =
        write.set_key(Some(key)).update_expression(update).condition_expression("attribute_exists(pk)");
    for reserved in ["archive", "at"].into_iter().filter(|name| update.contains(&format!("#{name}"))) {
        write = write.expression_attribute_names(format!("#{reserved}"), reserved);
    }
    write.expression_attribute_values(name, AttributeValue::S(value.to_owned())).send().await.unwrap();
}

pub(crate) async fn until(holds: impl Fn() -> bool, what: &str) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
