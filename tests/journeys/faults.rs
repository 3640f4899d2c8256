use aws_sdk_dynamodb::types::AttributeValue;
use habeas_sample_data::cast;
use serde_json::json;

use crate::world::journey;

const BOARD: &str = "wb-of-a-fault";

#[test]
fn a_source_that_holds_garbage_fails_the_request_with_a_reason_and_no_archive() {
    journey(async |world| {
        let admin = world.admin().await;
        let person = cast().admin;
        world.put_board(BOARD, &person, AttributeValue::N("7".into())).await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [person]}));
        let request = world.ended(&admin, &id).await;
        world.remove_board(BOARD).await;
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
        world.put_board(BOARD, &person, AttributeValue::S("whiteboards/gone.excalidraw".into())).await;
        let id = world
            .file(&admin, &json!({"kind": "export", "subjects": [person], "data_types": ["whiteboards"]}));
        let request = world.ended(&admin, &id).await;
        world.remove_board(BOARD).await;
        assert_eq!(request["status"], "Completed", "{request}");
        let zip = world.download(&admin, &id);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let path = format!("subjects/{person}/whiteboards/whiteboard_files.jsonl");
        let lines = std::io::read_to_string(archive.by_name(&path).unwrap()).unwrap();
        assert_eq!(lines, "{\"key\":\"whiteboards/gone.excalidraw\",\"missing\":true}\n");
    });
}
