use std::io::{Cursor, Read};

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_sample_data::cast;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::world::{World, journey};

/// Fills a segment, so that the unit goes on in a second one.
const SEGMENT_FILLING: usize = 33 << 20;
/// Enough for a part that S3 copies.
const PART_FILLING: usize = 6 << 20;

#[test]
fn a_large_archive_is_copied_together_from_several_segments() {
    journey(async |world| {
        let admin = world.admin().await;
        let (drawer, other) = (cast().admin, cast().exported[1].clone());
        let files = [("wb-large-1", SEGMENT_FILLING), ("wb-large-2", PART_FILLING)];
        for (board, bytes) in files {
            put_file(&world, board, noise(board, bytes)).await;
            world.put_board(board, &drawer, AttributeValue::S(key(board))).await;
        }
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [drawer, other]}));
        let request = world.ended(&admin, &id).await;
        for (board, _) in files {
            world.remove_board(board).await;
        }
        assert_eq!(request["status"], "Completed", "{request}");
        let zip = world.download(&admin, &id);
        let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
        for (board, bytes) in files {
            let mut content = Vec::new();
            let path =
                format!("subjects/{drawer}/whiteboards/files/whiteboard_files/{board}/{board}.excalidraw");
            archive.by_name(&path).unwrap().read_to_end(&mut content).unwrap();
            assert!(content == noise(board, bytes), "{path} is not what was put there");
        }
        // Every segment of the first person's unit that has a file tells of it.
        let path = |part: &str| format!("subjects/{drawer}/whiteboards/whiteboard_files{part}.jsonl");
        for (part, (board, _)) in ["", ".0002"].iter().zip(files) {
            let line = std::io::read_to_string(archive.by_name(&path(part)).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["key"], json!(key(board)));
        }
        // Two large segments are copied, what is small lies in the last part.
        let head = world.stack.clients().s3.head_object().bucket(&world.stack.state().archive_bucket);
        let head = head.key(format!("archives/{id}.zip")).send().await.unwrap();
        assert!(head.e_tag().unwrap().trim_matches('"').ends_with("-3"), "{:?}", head.e_tag());
    });
}

fn key(board: &str) -> String {
    format!("whiteboards/{board}.excalidraw")
}

async fn put_file(world: &World, board: &str, content: Vec<u8>) {
    let put =
        world.stack.clients().s3.put_object().bucket(&world.stack.state().source_bucket).key(key(board));
    put.body(content.into()).send().await.unwrap();
}

/// Bytes that no compression makes smaller, and always the same (xorshift64).
fn noise(seed: &str, bytes: usize) -> Vec<u8> {
    let mut state =
        seed.bytes().fold(0x9E37_79B9_7F4A_7C15_u64, |state, byte| (state << 7) ^ state ^ u64::from(byte));
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}
