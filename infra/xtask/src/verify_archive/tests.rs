use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

const CHAT: &[u8] = b"{\"text\":\"hi\"}\n{\"text\":\"bye\"}\n";
const CHAT_PATH: &str = "subjects/ana@amber.example/chat/chat_messages.jsonl";
const BOARD: &[u8] = b"a drawing\nof two lines";
const BOARD_PATH: &str = "subjects/ana@amber.example/chat/files/board";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifest() -> Value {
    let file = |path: &str, kind: &str, records: u64, bytes: &[u8]| json!({"path": path, "kind": kind, "records": records, "bytes": bytes.len(), "sha256": sha256(bytes)});
    let collection = |name: &str, records: u64, files: Value| {
        let nothing = records == 0 && files == json!([]);
        json!({"collection": name, "source": name, "records": records, "files": files, "nothing_held": nothing})
    };
    json!({
        "format": "habeas-export/1",
        "request": {
            "id": "1", "account": "amber", "kind": "export", "created_at": "2026-01-05T10:00:00Z",
            "date_range": null, "data_types": ["chat"], "requestor_role": "admin",
        },
        "subjects": [{"address": "ana@amber.example", "data_types": [{
            "data_type": "chat", "records": 2, "files": 2, "bytes": CHAT.len() + BOARD.len(),
            "collections": [
                collection("chat_messages", 2, json!([file(CHAT_PATH, "records", 2, CHAT)])),
                collection("boards", 0, json!([file(BOARD_PATH, "file", 0, BOARD)])),
                collection("reactions", 0, json!([])),
            ],
        }]}],
        "redacted": [], "security_left_out": [], "excluded": [], "information": null,
    })
}

fn archive(manifest: &Value, others: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let manifest = manifest.to_string();
    let all = [("manifest.json", manifest.as_bytes())].into_iter().chain(others.iter().copied());
    for (name, bytes) in all {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap()
}

const WHOLE: [(&str, &[u8]); 3] = [("README.html", b"<p>"), (CHAT_PATH, CHAT), (BOARD_PATH, BOARD)];

fn flaws(manifest: &Value, others: &[(&str, &[u8])]) -> Vec<String> {
    verify(archive(manifest, others), &|_, _| ()).unwrap().flaws
}

#[test]
fn an_archive_that_is_what_it_says_has_no_flaw() {
    let verified = verify(archive(&manifest(), &WHOLE), &|_, _| ()).unwrap();
    let bytes = (CHAT.len() + BOARD.len()) as u64;
    assert_eq!(verified, Verified { people: 1, files: 2, records: 2, bytes, flaws: vec![] });
}

#[test]
fn a_file_that_is_missing_more_or_another_is_named() {
    assert_eq!(
        flaws(&manifest(), &[WHOLE[0], WHOLE[1]]),
        [format!("{BOARD_PATH}: not in the archive, or twice in the manifest")]
    );
    let more = [WHOLE[0], WHOLE[1], WHOLE[2], ("subjects/more", b"x".as_slice())];
    assert_eq!(flaws(&manifest(), &more), ["subjects/more: not in the manifest"]);
    let other = [WHOLE[0], (CHAT_PATH, b"{\"text\":\"ho\"}\n{\"text\":\"bye\"}\n".as_slice()), WHOLE[2]];
    assert_eq!(
        flaws(&manifest(), &other),
        [format!("{CHAT_PATH}: not the content that was exported (SHA-256)")]
    );
    assert_eq!(flaws(&manifest(), &WHOLE[1..]), ["README.html: not in the archive"]);
}

#[test]
fn every_number_of_the_manifest_is_counted_again() {
    let of_type = "/subjects/0/data_types/0";
    for (pointer, value, place) in [
        ("/records", json!(3), "ana@amber.example: chat: 3 records in the manifest, 2 in the archive"),
        ("/files", json!(1), "ana@amber.example: chat: 1 files in the manifest, 2 in the archive"),
        ("/bytes", json!(1), "ana@amber.example: chat: 1 bytes in the manifest"),
        ("/collections/0/records", json!(3), "ana@amber.example: chat_messages: 3 records in the manifest"),
        ("/collections/0/files/0/records", json!(1), "chat_messages.jsonl: 1 records in the manifest, 2"),
        ("/collections/0/files/0/bytes", json!(1), "chat_messages.jsonl: 1 bytes in the manifest"),
        ("/collections/1/files/0/records", json!(5), "files/board: 5 records in the manifest, 0"),
        ("/collections/2/nothing_held", json!(false), "reactions: `nothing_held` does not fit"),
        ("/collections/1/nothing_held", json!(true), "boards: `nothing_held` does not fit"),
    ] {
        let mut wrong = manifest();
        *wrong.pointer_mut(&format!("{of_type}{pointer}")).unwrap() = value;
        let flaws = flaws(&wrong, &WHOLE);
        assert!(flaws.iter().any(|flaw| flaw.contains(place)), "{pointer}: {flaws:?}");
    }
    let mut silent = manifest();
    silent["request"]["data_types"] = json!(["chat", "meetings"]);
    assert_eq!(flaws(&silent, &WHOLE), ["ana@amber.example: nothing is said of meetings"]);
}

#[test]
fn a_damaged_archive_cannot_be_read() {
    let mut bytes = archive(&manifest(), &WHOLE).into_inner();
    let place = bytes.windows(BOARD.len()).position(|part| part == BOARD).unwrap();
    bytes[place] ^= 0x40;
    let refused = verify(Cursor::new(bytes), &|_, _| ()).unwrap_err().to_string();
    assert!(refused.starts_with(BOARD_PATH), "{refused}");
    assert!(verify(Cursor::new(b"no archive".to_vec()), &|_, _| ()).is_err());
}
