use aws_sdk_dynamodb::types::AttributeValue;
use habeas_local::USERS;
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::world::{World, journey};

const BOARD: &str = "wb-of-a-fault";

/// Surveys of a month that nobody else has answers of.
const SURVEYS: &str = "surveys/2021-01.json";

const USER: &str = "u-of-a-fault";

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

#[test]
fn two_sources_that_fail_are_both_named_and_hide_nothing_of_the_others() {
    journey(async |world| {
        let admin = world.admin().await;
        let person = cast().admin;
        world.put_board(BOARD, &person, AttributeValue::N("7".into())).await;
        put_user(&world, &person).await;
        let answer = json!({
            "answer_id": "A-of-a-fault", "account_id": "aurora", "user_id": USER, "score": 7,
            "answered_at": "one day",
        });
        put_surveys(&world, &json!([answer])).await;
        let range = json!({"from": "2020-01-01", "to": "2026-12-31"});
        let export = json!({"kind": "export", "subjects": [person], "date_range": range});
        let export = world.ended(&admin, &world.file(&admin, &export)).await;
        let before = world.stack.snapshot_sources().await.unwrap();
        let deletion = json!({"kind": "delete", "subjects": [person], "confirm": true});
        let deletion = world.ended(&admin, &world.file(&admin, &deletion)).await;
        let changes = before.changes(&world.stack.snapshot_sources().await.unwrap());
        put_surveys(&world, &json!([])).await;
        remove_user(&world, &person).await;
        world.remove_board(BOARD).await;

        assert_eq!(export["status"], "Failed", "{export}");
        let reason = export["failure"].as_str().unwrap();
        for (source, what) in [("survey_answers", "answered_at"), ("whiteboard_files", "s3_key")] {
            assert!(reason.contains(&format!("`{source}`")) && reason.contains(what), "{reason}");
        }
        // The entry among the users, and the board.
        let counts = &export["counts"][&person];
        assert_eq!((&counts["meetings"], &counts["whiteboards"]), (&json!(1), &json!(1)), "{export}");

        // A deletion has no range, so only the board's file is in trouble. The
        // answer could go, and stays: an inventory with gaps is none.
        assert_eq!(deletion["status"], "Failed", "{deletion}");
        let reason = deletion["failure"].as_str().unwrap();
        assert!(reason.contains("`whiteboard_files`") && !reason.contains("survey_answers"), "{reason}");
        assert!(changes.is_empty(), "{changes:?}");
    });
}

async fn put_user(world: &World, email: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = world.stack.clients().dynamodb.put_item().table_name(USERS);
    let put = put.item("email", text(email)).item("account_id", text("aurora"));
    put.item("user_id", text(USER)).send().await.unwrap();
}

async fn remove_user(world: &World, email: &str) {
    let delete = world.stack.clients().dynamodb.delete_item().table_name(USERS);
    delete.key("email", AttributeValue::S(email.to_owned())).send().await.unwrap();
}

async fn put_surveys(world: &World, answers: &Value) {
    let put = world.stack.clients().s3.put_object().bucket(&world.stack.state().source_bucket).key(SURVEYS);
    put.body(answers.to_string().into_bytes().into()).send().await.unwrap();
}
