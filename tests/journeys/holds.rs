use serde_json::{Value, json};

use crate::receipts::{receipt, talkative};
use crate::sweeps::sweep;
use crate::world::{World, journey, problem};

const CHAT: &str = "meetings-app-chat_messages";

/// How many messages of somebody's there are.
async fn messages_of(world: &World, person: &str) -> usize {
    let snapshot = world.stack.snapshot_sources().await.unwrap();
    snapshot.tables[CHAT].values().filter(|row| row.contains(person)).count()
}

/// The follow-up of a deletion, once a sweep has filed it.
async fn follow_up(world: &World, id: &str) -> String {
    let admin = world.admin().await;
    for _ in 0..20 {
        sweep(world).await;
        let request = world.request(&admin, id);
        let events = request["timeline"].as_array().unwrap();
        if let Some(filed) = events.iter().find(|event| event["event"] == "follow_up_filed") {
            return filed["detail"].as_str().unwrap().to_owned();
        }
    }
    panic!("no sweep files a follow-up of {id}");
}

fn source<'a>(content: &'a Value, name: &str) -> &'a Value {
    content["sources"].as_array().unwrap().iter().find(|source| source["name"] == name).unwrap()
}

#[test]
fn what_is_on_hold_stays_and_goes_by_itself_when_the_hold_is_released() {
    journey(async |world| {
        let (admin, person) = (world.admin().await, "hester@aurora.example");
        talkative(&world, person, 3).await;
        // One of the three messages is on hold.
        let hold = json!({
            "on": "records", "source": "chat_messages", "field": "message_id", "value": "2",
            "reason": "A claim of unpaid wages", "reference": "2 Ca 17/26",
        });
        let placed = admin.post("/v1/holds", &hold).unwrap();
        assert_eq!(placed.status, 201, "{}", placed.text());
        let placed: Value = placed.json().unwrap();
        assert_eq!(placed["too_late_for"], json!([]));

        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [person], "confirm": true}));
        let request = world.ended(&admin, &id).await;
        assert_eq!(request["status"], "Completed", "{request}");
        assert_eq!(messages_of(&world, person).await, 1);
        assert_eq!(request["counts"][person]["chat"], json!(2));
        let content = receipt(&admin, &id).content().unwrap();
        let chat = source(&content, "chat_messages");
        assert_eq!((&chat["found"], &chat["erased"], &chat["held"]), (&json!(3), &json!(2), &json!(1)));

        // What the person says from now on is not what was held.
        let hold = placed["id"].as_str().unwrap();
        let released = admin.delete(&format!("/v1/holds/{hold}")).unwrap();
        assert_eq!(released.status, 200, "{}", released.text());
        assert_eq!(released.json::<Value>().unwrap()["follow_ups_of"], json!([id]));
        assert_eq!(problem(&admin.delete(&format!("/v1/holds/{hold}")).unwrap()).0, 404);
        put_message(&world, person, "later").await;

        let next = follow_up(&world, &id).await;
        let request = world.ended(&admin, &next).await;
        assert_eq!((&request["status"], &request["follows"]), (&json!("Completed"), &json!(id)), "{request}");
        assert_eq!(messages_of(&world, person).await, 1, "the later one");
        let content = receipt(&admin, &next).content().unwrap();
        let chat = source(&content, "chat_messages");
        assert_eq!((&chat["found"], &chat["erased"], &chat["held"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!(content["follows"], json!(id));
    });
}

#[test]
fn a_person_on_hold_is_not_erased_at_all() {
    journey(async |world| {
        let (admin, person) = (world.admin().await, "hugo@aurora.example");
        talkative(&world, person, 2).await;
        let hold = json!({"on": "subject", "subject": person, "reason": "A lawsuit", "reference": "1"});
        let placed: Value = admin.post("/v1/holds", &hold).unwrap().json().unwrap();
        let before = world.stack.snapshot_sources().await.unwrap();
        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [person], "confirm": true}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        assert!(before.changes(&world.stack.snapshot_sources().await.unwrap()).is_empty());
        let content = receipt(&admin, &id).content().unwrap();
        assert_eq!(source(&content, "chat_messages")["held"], json!(2));
        let listed: Value = admin.get("/v1/holds").unwrap().json().unwrap();
        assert!(listed["holds"].as_array().unwrap().iter().any(|of| of["id"] == placed["id"]), "{listed}");

        let released = admin.delete(&format!("/v1/holds/{}", placed["id"].as_str().unwrap())).unwrap();
        assert_eq!(released.status, 200, "{}", released.text());
        let next = follow_up(&world, &id).await;
        assert_eq!(world.ended(&admin, &next).await["status"], "Completed");
        assert_eq!(messages_of(&world, person).await, 0);
    });
}

async fn put_message(world: &World, person: &str, id: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let text = |text: &str| AttributeValue::S(text.into());
    let put = world.stack.clients().dynamodb.put_item().table_name(CHAT);
    let put = put.item("channel_id", text(person)).item("message_id", text(id));
    let put = put.item("account_id", text("aurora")).item("sender_email", text(person));
    put.item("sent_at", text("2026-03-02T00:00:00Z")).item("text", text("hello")).send().await.unwrap();
}
