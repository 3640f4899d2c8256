use habeas_local::Changes;
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::receipts::set_status;
use crate::world::{World, journey};

/// Files a request, takes it back, and waits until its workflow has let go of
/// it: its tasks can then be called by hand.
async fn idle(world: &World, body: &Value) -> String {
    let admin = world.admin().await;
    let id = world.file(&admin, body);
    assert_eq!(admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap().status, 200);
    assert_eq!(world.ended(&admin, &id).await["status"], "Canceled");
    id
}

async fn call(world: &World, function: &str, input: &Value) -> Value {
    let reply = world.stack.invoke(function, input).await.unwrap();
    assert_eq!(reply.function_error, None, "{function}: {}", reply.payload);
    reply.payload
}

#[test]
fn every_task_of_an_export_leaves_the_same_result_when_it_runs_twice() {
    journey(async |world| {
        let id = idle(&world, &json!({"kind": "export", "subjects": [cast().exported[2]]})).await;
        let state = world.stack.state().clone();
        let input = json!({"account": "aurora", "request": id});
        let (work, archives) = (format!("work/{id}/"), format!("archives/{id}"));

        let planned = call(&world, "plan", &input).await;
        let plan = world.objects(&state.work_bucket, &work).await;
        assert_eq!(call(&world, "plan", &input).await, planned);
        assert_eq!(world.objects(&state.work_bucket, &work).await, plan);

        let unit = only_unit(&planned);
        let collect = json!({"account": "aurora", "request": id, "unit": unit});
        let collected = call(&world, "collect", &collect).await;
        assert_eq!(collected["done"], true);
        let fragments = world.objects(&state.work_bucket, &work).await;
        assert_eq!(fragments.len(), 5, "plan, ids, key of pseudonyms, index and segment: {fragments:?}");
        assert_eq!(call(&world, "collect", &collect).await, collected);
        assert_eq!(world.objects(&state.work_bucket, &work).await, fragments);

        let collected = [json!({"unit": unit, "steps": collected["cursor"]["step"]})];
        let mut package =
            json!({"account": "aurora", "request": id, "units": [unit], "collected": collected});
        package["again"] = json!(false);
        let packaged = call(&world, "package", &package).await;
        assert_eq!(packaged["done"], true);
        let archive = world.objects(&state.archive_bucket, &archives).await;
        assert_eq!(archive.len(), 1);
        // Whether it is told that it may have run before, or nobody knows.
        for again in [true, false] {
            package["again"] = json!(again);
            let packaged_again = call(&world, "package", &package).await;
            assert_eq!(packaged_again["archive"]["M"]["bytes"], packaged["archive"]["M"]["bytes"]);
            assert_eq!(world.objects(&state.archive_bucket, &archives).await, archive);
        }

        for _ in 0..2 {
            call(&world, "tidy", &input).await;
            assert_eq!(world.objects(&state.work_bucket, &work).await, []);
            assert_eq!(world.objects(&state.archive_bucket, &archives).await, []);
        }
    });
}

#[test]
fn every_task_of_a_deletion_leaves_the_same_result_when_it_runs_twice() {
    journey(async |world| {
        // Nothing is held of this person but a message made for this.
        let person = "repeat@aurora.example";
        let member = json!({"account_id": "aurora", "email": person, "name": "Re Peat", "role": "member"});
        crate::world::learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        let before = world.stack.snapshot_sources().await.unwrap();
        put_message(&world, person).await;
        let id = idle(&world, &json!({"kind": "delete", "subjects": [person], "confirm": true})).await;
        let input = json!({"account": "aurora", "request": id});
        let planned = call(&world, "plan", &input).await;
        let unit = only_unit(&planned);
        let of_unit = json!({"account": "aurora", "request": id, "unit": unit});
        let inventory = call(&world, "collect", &of_unit).await;
        assert_eq!(call(&world, "collect", &of_unit).await, inventory);

        // Nothing is erased of a request that has ended.
        set_status(&world, &id, "Processing").await;
        let look = |step: &Value| json!({"account": "aurora", "request": id, "step": step});
        let early = call(&world, "verify", &look(&json!(0))).await;
        assert_eq!((&early["done"], &early["wait_seconds"]), (&json!(false), &json!(1)), "nothing is erased");

        let erased = call(&world, "erase", &of_unit).await;
        let after = world.stack.snapshot_sources().await.unwrap();
        assert_eq!(before.changes(&after), Changes::default(), "only the message came and went");
        assert_eq!(call(&world, "erase", &of_unit).await, erased);
        assert!(after.changes(&world.stack.snapshot_sources().await.unwrap()).is_empty());

        let verified = call(&world, "verify", &look(&early["step"])).await;
        assert_eq!(verified["done"], json!(true), "{verified}");
        let admin = world.admin().await;
        assert_eq!(world.request(&admin, &id)["counts"][person]["chat"], json!(1));
        assert_eq!(call(&world, "verify", &look(&early["step"])).await, verified);
        call(&world, "tidy", &input).await;
    });
}

#[test]
fn what_still_is_there_after_every_look_fails_a_deletion_with_counts() {
    journey(async |world| {
        let person = "remains@aurora.example";
        let member = json!({"account_id": "aurora", "email": person, "name": "Re Mains", "role": "member"});
        crate::world::learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        put_message(&world, person).await;
        let id = idle(&world, &json!({"kind": "delete", "subjects": [person], "confirm": true})).await;
        let input = json!({"account": "aurora", "request": id});
        let planned = call(&world, "plan", &input).await;
        let of_unit = json!({"account": "aurora", "request": id, "unit": only_unit(&planned)});
        call(&world, "collect", &of_unit).await;

        // As if a source said that it had erased, and had not.
        let mut step = json!(0);
        for pause in [1, 3, 9] {
            let look = json!({"account": "aurora", "request": id, "step": step});
            let looked = call(&world, "verify", &look).await;
            assert_eq!((&looked["done"], &looked["wait_seconds"]), (&json!(false), &json!(pause)));
            step = looked["step"].clone();
        }
        let look = json!({"account": "aurora", "request": id, "step": step});
        let failed = world.stack.invoke("verify", &look).await.unwrap();
        assert_eq!(failed.payload["errorType"], "Habeas.StillThere");
        let why = failed.payload["errorMessage"].as_str().unwrap();
        assert!(why.contains("1 in `chat_messages`"), "{why}");
        call(&world, "tidy", &input).await;
        remove_message(&world).await;
    });
}

/// The name of the only unit that was planned.
fn only_unit(planned: &Value) -> &Value {
    let units = planned["units"].as_array().unwrap();
    assert_eq!(units.len(), 1, "{planned}");
    &units[0]
}

async fn put_message(world: &World, sender: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let text = |text: &str| AttributeValue::S(text.into());
    let put = world.stack.clients().dynamodb.put_item().table_name("meetings-app-chat_messages");
    let put = put.item("channel_id", text("of-a-repeat")).item("message_id", text("1"));
    let put = put.item("account_id", text("aurora")).item("sender_email", text(sender));
    put.item("sent_at", text("2026-03-01T00:00:00Z")).item("text", text("hello")).send().await.unwrap();
}

async fn remove_message(world: &World) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let text = |text: &str| AttributeValue::S(text.into());
    let delete = world.stack.clients().dynamodb.delete_item().table_name("meetings-app-chat_messages");
    delete.key("channel_id", text("of-a-repeat")).key("message_id", text("1")).send().await.unwrap();
}
