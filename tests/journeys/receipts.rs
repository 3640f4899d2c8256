use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::Digest;
use habeas_local::{Api, Receipt};
use serde_json::{Value, json};

use crate::world::{PATIENCE, PAUSE, World, journey, problem};

const CHAT: &str = "meetings-app-chat_messages";

/// Somebody of whom the sources hold so many messages, and nothing else.
pub(crate) async fn talkative(world: &World, person: &str, messages: u64) {
    let member = json!({"account_id": "aurora", "email": person, "name": "Tal Katif", "role": "member"});
    crate::world::learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
    let text = |text: &str| AttributeValue::S(text.into());
    for number in 1..=messages {
        let put = world.stack.clients().dynamodb.put_item().table_name(CHAT);
        let put = put.item("channel_id", text(person)).item("message_id", text(&number.to_string()));
        let put = put.item("account_id", text("aurora")).item("sender_email", text(person));
        put.item("sent_at", text("2026-03-01T00:00:00Z")).item("text", text("hello")).send().await.unwrap();
    }
}

pub(crate) fn receipt(api: &Api, id: &str) -> Receipt {
    let reply = api.get(&format!("/v1/requests/{id}/receipt")).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json().unwrap()
}

async fn deleted(world: &World, admin: &Api, person: &str) -> (String, Value) {
    let id = world.file(admin, &json!({"kind": "delete", "subjects": [person], "confirm": true}));
    let request = world.ended(admin, &id).await;
    assert_eq!(request["status"], "Completed", "{request}");
    (id, request)
}

#[test]
fn a_deletion_has_a_receipt_that_anybody_can_verify_and_that_tells_nobody_who_it_is_about() {
    journey(async |world| {
        let (admin, person) = (world.admin().await, "tal@aurora.example");
        talkative(&world, person, 3).await;
        let (id, request) = deleted(&world, &admin, person).await;
        let receipt = receipt(&admin, &id);
        let key = admin.get("/.well-known/habeas-receipt-key.pem").unwrap();
        assert_eq!(key.status, 200, "{}", key.text());
        assert!(receipt.is_signed_by(&key.text()).unwrap());
        for at in 0..receipt.text.len() {
            let mut bytes = receipt.text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let flipped = Receipt { text, ..receipt.clone() };
            assert!(!flipped.is_signed_by(&key.text()).unwrap(), "byte {at}");
        }

        let content = receipt.content().unwrap();
        let chat = content["sources"].as_array().unwrap().iter().find(|of| of["name"] == "chat_messages");
        let chat = chat.unwrap();
        assert_eq!((&chat["found"], &chat["erased"], &chat["remaining"]), (&json!(3), &json!(3), &json!(0)));
        assert_eq!(content["subjects"][0]["sources"], json!({"chat_messages": {"erased": 3, "found": 3}}));
        let users = content["sources"].as_array().unwrap().iter().find(|of| of["name"] == "users").unwrap();
        assert_eq!((&users["rule"], &users["found"]), (&json!("retain"), &json!(0)));
        assert!(users["reason"].is_string());
        assert!(!receipt.text.contains("tal@") && !receipt.text.contains("Katif"), "{}", receipt.text);

        // The chain of events leads into the receipt, and out of it again.
        let timeline = request["timeline"].as_array().unwrap();
        let events: Vec<_> = timeline.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["filed", "started", "completed"]);
        assert_eq!(content["head"], timeline[1]["hash"]);
        assert_eq!(timeline[2]["detail"], json!(format!("receipt {}", Digest::of(&receipt.text))));
        assert_eq!(request["chain"]["verified"], json!(true));
    });
}

#[test]
fn what_has_no_receipt_says_so() {
    journey(async |world| {
        let (admin, person) = (world.admin().await, "taciturn@aurora.example");
        talkative(&world, person, 1).await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [person]}));
        let refused = admin.get(&format!("/v1/requests/{id}/receipt")).unwrap();
        assert_eq!(problem(&refused).0, 409);
        world.ended(&admin, &id).await;
        let unknown = "019b8d3a-0000-7000-8000-0000000000ff";
        assert_eq!(problem(&admin.get(&format!("/v1/requests/{unknown}/receipt")).unwrap()).0, 404);
    });
}

#[test]
fn archives_of_a_deleted_person_expire_at_once_and_say_why() {
    journey(async |world| {
        let (admin, person, other) = (world.admin().await, "tess@aurora.example", "theo@aurora.example");
        talkative(&world, person, 2).await;
        talkative(&world, other, 1).await;
        let both = world.file(&admin, &json!({"kind": "export", "subjects": [person, other]}));
        let others = world.file(&admin, &json!({"kind": "export", "subjects": [other]}));
        for id in [&both, &others] {
            assert_eq!(world.ended(&admin, id).await["status"], "Completed");
        }

        // As if another export of the person were still being made.
        let late = world.file(&admin, &json!({"kind": "export", "subjects": [person]}));
        assert_eq!(admin.post(&format!("/v1/requests/{late}/revoke"), &json!({})).unwrap().status, 200);
        world.ended(&admin, &late).await;
        set_status(&world, &late, "Processing").await;
        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [person], "confirm": true}));
        let filed = Instant::now();
        while world.request(&admin, &id)["status"] == "Pending" {
            assert!(filed.elapsed() < PATIENCE, "{id} does not start");
            tokio::time::sleep(PAUSE).await;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(world.request(&admin, &id)["status"], "Processing", "it waits for the export");
        set_status(&world, &late, "Canceled").await;

        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        let export = world.request(&admin, &both);
        assert_eq!(export["download"]["state"], "expired", "{export}");
        assert!(export["download"]["reason"].as_str().unwrap().contains("deleted"));
        let last = export["timeline"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["event"], &last["detail"]), (&json!("expired"), &json!(format!("deletion {id}"))));
        let refused = admin.post(&format!("/v1/requests/{both}/download"), &json!({})).unwrap();
        assert_eq!(problem(&refused).0, 410);
        let archives = &world.stack.state().archive_bucket;
        assert_eq!(world.objects(archives, &format!("archives/{both}")).await, []);
        assert_eq!(receipt(&admin, &id).content().unwrap()["archives_expired"], json!([both]));
        assert!(!world.download(&admin, &others).is_empty(), "somebody else's stays");
    });
}

/// Says of a request that it is at another point of its life, and hides it from the sweep.
pub(crate) async fn set_status(world: &World, id: &str, status: &str) {
    let text = |text: &str| AttributeValue::S(text.into());
    let update = world.stack.clients().dynamodb.update_item().table_name(&world.stack.state().table);
    let update = update.key("pk", text(&format!("REQ#{id}"))).key("sk", text("REQUEST"));
    let update = update.update_expression("SET #status = :status REMOVE queue");
    let update = update.expression_attribute_names("#status", "status");
    update.expression_attribute_values(":status", text(status)).send().await.unwrap();
}
