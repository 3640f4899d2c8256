use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::connector::Answer;

/// What the twin's keys are made of: the same in every test.
const SECRET: &[u8] = b"a key that everybody knows";

/// Macs are real ones. What stands for a signature is a mac as well: that real
/// ones hold is for the journeys to show.
pub(crate) fn answer(operation: &str, body: &[u8]) -> Answer {
    let input: Value = serde_json::from_slice(body).expect("an input as JSON");
    let key = &input["KeyId"];
    let mac = || mac(operation, input["Message"].as_str().unwrap_or_default());
    let output = match operation {
        "GenerateMac" => json!({ "KeyId": key, "Mac": mac() }),
        "Sign" => json!({ "KeyId": key, "Signature": mac() }),
        "GetPublicKey" => json!({ "KeyId": key, "PublicKey": STANDARD.encode("a public key") }),
        other => panic!("KMS has no operation {other} here"),
    };
    Answer::ok(output.to_string())
}

fn mac(purpose: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
