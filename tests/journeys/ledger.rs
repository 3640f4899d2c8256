use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{AccountId, BrokenLedger, Head, LedgerCheck, Sealed};
use habeas_local::Api;
use serde_json::{Value, json};

use crate::house::{entries, house, settings};
use crate::world::{World, journey};

const CLIENTS: usize = 20;
const PATCHES_EACH: usize = 10;

/// The ledger as it lies in the table, from its first entry on.
async fn stored(world: &World, account: &str) -> (Vec<(u64, Sealed)>, Head) {
    let query = world.stack.clients().dynamodb.query().table_name(&world.stack.state().table);
    let query = query.key_condition_expression("pk = :ledger");
    let ledger = AttributeValue::S(format!("ACCT#{account}#LEDGER"));
    let rows = query.expression_attribute_values(":ledger", ledger).send().await.unwrap();
    assert!(rows.last_evaluated_key.is_none(), "the ledger has more than one page");
    let text = |row: &HashMap<String, AttributeValue>, name: &str| row[name].as_s().unwrap().clone();
    let mut entries = Vec::new();
    let mut head = Head::default();
    for row in rows.items() {
        let json = |name: &str| serde_json::from_value(json!(text(row, name))).unwrap();
        match text(row, "sk").strip_prefix("ENTRY#") {
            Some(number) => {
                let sealed = Sealed { text: text(row, "text"), hash: json("hash") };
                entries.push((number.parse().unwrap(), sealed));
            }
            None => {
                let number = row["number"].as_n().unwrap().parse().unwrap();
                head = Head { number, hash: json("hash") };
            }
        }
    }
    entries.sort_by_key(|(number, _)| *number);
    (entries, head)
}

fn verify(account: &str, entries: &[(u64, Sealed)], head: &Head) -> Result<Head, BrokenLedger> {
    let mut check = LedgerCheck::new(AccountId::parse(account).unwrap());
    for (number, sealed) in entries {
        check.take(*number, sealed)?;
    }
    check.finish(head)
}

/// Flips a setting as of the version that the last answer has shown; counts the
/// times that it was really this client who did it.
fn flip(api: &Api, all: &Barrier) -> usize {
    let name = "optional_diagnostic_data";
    let mut present = settings(api, "account");
    let mut done = 0;
    for _ in 0..PATCHES_EACH {
        all.wait();
        let on = present["settings"][name]["value"].as_bool().unwrap();
        let version = present["version"].as_u64().unwrap();
        let change = json!({"settings": {name: {"value": !on}}});
        let reply = api.patch("/v1/settings/account", version, &change).unwrap();
        let answer: Value = reply.json().unwrap();
        match reply.status {
            200 => {
                done += 1;
                present = answer;
            }
            412 => present = answer["present"].clone(),
            503 => present = settings(api, "account"),
            other => panic!("{other}: {answer}"),
        }
    }
    done
}

#[test]
fn twenty_clients_at_once_make_as_many_entries_as_answers() {
    journey(async |world| {
        let [owner, ..] = house(&world, "willow", "business").await;
        let before = entries(&owner).len();
        let all = Arc::new(Barrier::new(CLIENTS));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (owner, all) = (owner.clone(), all.clone());
                thread::spawn(move || flip(&owner, &all))
            })
            .collect();
        let done: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        let total = done.iter().sum::<usize>();
        assert!(total >= PATCHES_EACH && done.iter().filter(|done| **done > 0).count() > 1, "{done:?}");
        assert_eq!(entries(&owner).len(), before + total);
        let (stored, head) = stored(&world, "willow").await;
        assert_eq!(verify("willow", &stored, &head).unwrap().number, (before + total) as u64);
    });
}

#[test]
fn a_flipped_byte_and_a_rewritten_ledger_are_found() {
    journey(async |world| {
        let [owner, ..] = house(&world, "maple", "business").await;
        for on in [true, false, true] {
            world.change(&owner, "account", &json!({"optional_diagnostic_data": {"value": on}}));
        }
        let tick = json!({
            "version": "0", "id": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "000000000000", "time": "2026-01-05T10:00:00Z", "region": "us-east-1",
            "resources": [], "detail": "{}",
        });
        let anchored = world.stack.invoke("anchor", &tick).await.unwrap();
        assert_eq!(anchored.function_error, None, "{}", anchored.payload);
        assert!(ledger_verify(&world, "maple").0);

        let (entries, head) = stored(&world, "maple").await;
        let second = entries[1].1.clone();
        let flipped = second.text.replace("\"to\":false", "\"to\":true ");
        put_entry(&world, "maple", 2, &Sealed { text: flipped, hash: second.hash.clone() }).await;
        let (whole, said) = ledger_verify(&world, "maple");
        assert!(!whole && said.contains("maple: entry 2 is not the one that was written"), "{said}");

        // Somebody who can write everything makes a new chain that fits together.
        let mut check = LedgerCheck::new(AccountId::parse("maple").unwrap());
        for (number, sealed) in &entries {
            let mut entry = sealed.entry().unwrap();
            entry.reason = Some("Always so".into());
            entry.prev = check.head().hash.clone();
            let sealed = entry.seal();
            check.take(*number, &sealed).unwrap();
            put_entry(&world, "maple", *number, &sealed).await;
        }
        let forged = check.head().clone();
        put_head(&world, "maple", &forged).await;
        let (whole, said) = ledger_verify(&world, "maple");
        assert!(!whole && said.contains("entry 3 is not the one that was anchored"), "{said}");

        // And nobody gets at the anchor.
        let bucket = &world.stack.state().anchor_bucket;
        let s3 = &world.stack.clients().s3;
        let versions = s3.list_object_versions().bucket(bucket).send().await.unwrap();
        let version = versions.versions().first().unwrap();
        let delete = s3.delete_object().bucket(bucket).key(version.key().unwrap());
        let deleted = delete.version_id(version.version_id().unwrap()).send().await;
        assert!(deleted.is_err(), "the anchor could be removed");

        for (number, sealed) in &entries {
            put_entry(&world, "maple", *number, sealed).await;
        }
        put_head(&world, "maple", &head).await;
        assert!(ledger_verify(&world, "maple").0);
    });
}

/// What `cargo xtask ledger verify` says, and whether it found all in order.
fn ledger_verify(world: &World, account: &str) -> (bool, String) {
    let xtask = std::env::var("HABEAS_XTASK").expect("run the journeys with `cargo xtask test journeys`");
    let stack = &world.stack.state().name;
    let output = Command::new(xtask)
        .args(["ledger", "verify", "--stack", stack, "--account", account])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn put_entry(world: &World, account: &str, number: u64, sealed: &Sealed) {
    put(world, account, &format!("ENTRY#{number:012}"), "text", AttributeValue::S(sealed.text.clone())).await;
    put(world, account, &format!("ENTRY#{number:012}"), "hash", AttributeValue::S(sealed.hash.to_string()))
        .await;
}

async fn put_head(world: &World, account: &str, head: &Head) {
    put(world, account, "HEAD", "hash", AttributeValue::S(head.hash.to_string())).await;
}

async fn put(world: &World, account: &str, sk: &str, name: &str, value: AttributeValue) {
    let update = world.stack.clients().dynamodb.update_item().table_name(&world.stack.state().table);
    let update = update.key("pk", AttributeValue::S(format!("ACCT#{account}#LEDGER")));
    let update = update.key("sk", AttributeValue::S(sk.to_owned())).update_expression("SET #name = :value");
    let update =
        update.expression_attribute_names("#name", name).expression_attribute_values(":value", value);
    update.send().await.unwrap();
}
