use habeas_local::{Api, Receipt, target_dir};
use serde_json::Value;

use super::expect;
use crate::ui::Ui;
use crate::{Outcome, root};

const KEY_PATH: &str = "/.well-known/habeas-receipt-key.pem";

/// Fetches a deletion's receipt, checks the signature, and leaves all that
/// `openssl` needs to check it once more.
pub(super) fn check(api: &Api, deletion: &str, ui: &Ui) -> Outcome {
    let answer = expect(api.get(&format!("/v1/requests/{deletion}/receipt"))?, 200)?;
    let receipt: Receipt = serde_json::from_value(answer)?;
    let key = api.get(KEY_PATH)?;
    if key.status != 200 {
        return Err(format!("{KEY_PATH} answered {}", key.status).into());
    }
    if !receipt.is_signed_by(&key.text())? {
        return Err("the receipt's signature is not good".into());
    }
    let forged = Receipt { text: receipt.text.replacen("\"erased\":", "\"erased\":1", 1), ..receipt.clone() };
    if forged.is_signed_by(&key.text())? {
        return Err("a forged receipt passed for signed".into());
    }
    let content = receipt.content()?;
    let sum = |field: &str| sum(&content, field);
    ui.say(&format!(
        "  The receipt says: {} found, {} erased, {} masked, {} retained.",
        sum("found"),
        sum("erased"),
        sum("masked"),
        sum("retained"),
    ));
    ui.say("  Its signature is good, and not with a number changed. For openssl:");
    let dir = target_dir(&root()).join("demo").join(deletion);
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("receipt.json"), &receipt.text)?;
    std::fs::write(dir.join("receipt.sig"), receipt.signature_bytes()?)?;
    std::fs::write(dir.join("key.pem"), key.text())?;
    ui.say(&format!("  cd {}", dir.display()));
    ui.say("  openssl dgst -sha256 -verify key.pem -signature receipt.sig receipt.json");
    Ok(())
}

fn sum(content: &Value, field: &str) -> u64 {
    let sources = content["sources"].as_array().into_iter().flatten();
    sources.filter_map(|source| source[field].as_u64()).sum()
}
