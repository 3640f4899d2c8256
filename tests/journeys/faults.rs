use aws_sdk_dynamodb::types::AttributeValue;
use habeas_sample_data::cast;
use serde_json::json;

use crate::world::{World, journey};

#[test]
fn a_source_that_holds_garbage_fails_the_request_with_a_reason_and_no_archive() {
    journey(async |world| {
        let admin = world.admin().await;
        let person = cast().admin;
        put_board(&world, &person, AttributeValue::N("7".into())).await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [person]}));
        let request = world.ended(&admin, &id).await;
        remove_board(&world).await;
        assert_eq!(request["status"], "Failed", "{request}");
        let reason = request["failure"].as_str().unwrap();
        assert!(reason.contains("whiteboard_files") && reason.contains("s3_key"), "{reason}");
        assert_eq!(request["download"]["state"], "none");
        let state = world.stack.state();
        assert_eq!(world.objects(&state.archive_bucket, &format!("archives/{id}")).await, []);
        assert_eq!(world.objects(&state.work_bucket, &format!("work/{id}/")).await, []);
        assert_eq!(
            world.mails_about(&id),
            ["Your data export request was received", "Your data export failed"]
        );
    });
}

#[test]
fn a_file_that_is_not_there_is_told_and_does_not_fail_the_export() {
    journey(async |world| {
        let admin = world.admin().await;
        let person = cast().admin;
        put_board(&world, &person, AttributeValue::S("whiteboards/gone.excalidraw".into())).await;
        let id = world
            .file(&admin, &json!({"kind": "export", "subjects": [person], "data_types": ["whiteboards"]}));
        let request = world.ended(&admin, &id).await;
        remove_board(&world).await;
        assert_eq!(request["status"], "Completed", "{request}");
        let zip = world.download(&admin, &id);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let path = format!("subjects/{person}/whiteboards/whiteboard_files.jsonl");
        let lines = std::io::read_to_string(archive.by_name(&path).unwrap()).unwrap();
        assert_eq!(lines, "{\"key\":\"whiteboards/gone.excalidraw\",\"missing\":true}\n");
    });
}

const BOARD: &str = "wb-of-a-fault";
const BOARDS: &str = "meetings-app-whiteboards";

async fn put_board(world: &World, owner: &str, key: AttributeValue) {
    let text = |text: &str| AttributeValue::S(text.into());
    let put = world.stack.clients().dynamodb.put_item().table_name(BOARDS);
    let put = put.item("whiteboard_id", text(BOARD)).item("account_id", text("aurora"));
    let put = put.item("owner_email", text(owner)).item("created_at", text("2026-03-01T00:00:00Z"));
    put.item("s3_key", key).send().await.unwrap();
}

async fn remove_board(world: &World) {
    let delete = world.stack.clients().dynamodb.delete_item().table_name(BOARDS);
    delete.key("whiteboard_id", AttributeValue::S(BOARD.into())).send().await.unwrap();
}
