use std::collections::{BTreeSet, HashMap};
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{AccountId, BrokenLedger, Head, LedgerCheck, Sealed};
use habeas_local::{Api, Mail};
use serde_json::{Value, json};

use crate::world::{World, journey, learn, problem};

const TERMS: &str = "2026-11";
const CLIENTS: usize = 20;
const PATCHES_EACH: usize = 10;

/// An account of a journey's own, with an owner, an admin and two members.
async fn house(world: &World, id: &str, plan: &str) -> [Api; 4] {
    let account = json!({"account_id": id, "name": id, "plan": plan, "country": "DE"});
    learn(&world.stack, "account.upserted", "2026-01-01T00:00:00Z", &account).await;
    let people = [("owner", "owner"), ("admin", "admin"), ("mia", "member"), ("max", "member")];
    let mut apis = Vec::new();
    for (name, role) in people {
        let email = format!("{name}@{id}.example");
        let member = json!({"account_id": id, "email": email, "name": name, "role": role});
        learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        apis.push(world.stack.api_as(&email).await.unwrap());
    }
    apis.try_into().unwrap()
}

fn settings(api: &Api, whose: &str) -> Value {
    let reply = api.get(&format!("/v1/settings/{whose}")).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let shown: Value = reply.json().unwrap();
    assert_eq!(reply.header("etag"), Some(format!("\"{}\"", shown["version"]).as_str()));
    shown
}

fn names(shown: &Value) -> BTreeSet<&str> {
    shown["settings"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn decide(api: &Api, questions: &Value) -> Vec<Value> {
    let reply = api.post_signed("/v1/decisions", &json!({ "questions": questions })).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let decided: Value = reply.json().unwrap();
    decided["decisions"].as_array().unwrap().clone()
}

fn entries(api: &Api) -> Vec<Value> {
    let (mut entries, mut path) = (Vec::new(), "/v1/settings/ledger?limit=100".to_owned());
    loop {
        let page: Value = api.get(&path).unwrap().json().unwrap();
        entries.extend(page["entries"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
        let Some(next) = page["next"].as_str() else { return entries };
        path = format!("/v1/settings/ledger?limit=100&cursor={next}");
    }
}

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

#[test]
fn each_role_sees_the_settings_that_are_theirs() {
    journey(async |world| {
        let [owner, admin, mia, _] = house(&world, "linden", "business").await;
        let all = BTreeSet::from([
            "ai_training",
            "optional_diagnostic_data",
            "personalized_account_experiences",
            "personalized_user_experiences",
            "required_diagnostic_data",
            "self_service_requests",
        ]);
        for api in [&owner, &admin] {
            assert_eq!(names(&settings(api, "account")), all);
        }
        let refused = problem(&mia.get("/v1/settings/account").unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "settings-need-administrator"));
        let refused = problem(&mia.get("/v1/settings/ledger").unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "ledger-needs-administrator"));
        let own = settings(&mia, "me");
        assert_eq!(names(&own), BTreeSet::from(["ai_training_opt_out"]));
        assert!(own["unavailable"]["personalized_experiences"]["reason"].is_string());
        let me: Value = mia.get("/v1/me").unwrap().json().unwrap();
        assert_eq!((&me["role"], &me["account"]["id"]), (&json!("member"), &json!("linden")));

        let [owner, ..] = house(&world, "poplar", "free").await;
        assert!(!names(&settings(&owner, "account")).contains("self_service_requests"));
    });
}

#[test]
fn what_is_refused_changes_nothing_and_leaves_no_entry() {
    journey(async |world| {
        let [owner, _, mia, _] = house(&world, "rowan", "business").await;
        world.change(&owner, "account", &json!({"optional_diagnostic_data": {"value": true}}));
        let before = world.traces().await;
        let value = |name: &str, value: Value| json!({"settings": {name: {"value": value}}});
        let (account, me) = ("/v1/settings/account", "/v1/settings/me");
        for (api, path, version, body, status, kind) in [
            (&owner, account, 0, value("optional_diagnostic_data", json!(false)), 412, "stale"),
            (&owner, account, 1, value("optional_diagnostic_data", json!("off")), 422, "invalid"),
            (&owner, account, 1, value("dark_mode", json!(true)), 422, "invalid"),
            (&owner, account, 1, value("data_residency", json!("eea")), 422, "invalid"),
            (
                &owner,
                account,
                1,
                value("required_diagnostic_data", json!(false)),
                403,
                "required-diagnostic-data",
            ),
            (&owner, account, 1, value("ai_training", json!({"chat": true})), 422, "invalid"),
            (&owner, account, 1, json!({"value": true}), 400, "malformed"),
            (
                &mia,
                account,
                1,
                value("optional_diagnostic_data", json!(false)),
                403,
                "settings-need-administrator",
            ),
            (&mia, me, 0, value("personalized_experiences", json!(true)), 403, "off-for-account"),
            (&mia, me, 0, value("ai_training", json!({"chat": true})), 422, "invalid"),
        ] {
            let found = problem(&api.patch(path, version, &body).unwrap());
            assert_eq!((found.0, found.1.as_str()), (status, kind), "{body}");
        }
        let unversioned =
            mia.send("PATCH", me, &[("content-type", "application/json")], b"{\"settings\": {}}");
        assert_eq!(problem(&unversioned.unwrap()).0, 428);
        learn(&world.stack, "member.removed", "2026-01-02T00:00:00Z", &json!({"email": "mia@rowan.example"}))
            .await;
        let removed = problem(&mia.patch(me, 0, &value("ai_training_opt_out", json!(true))).unwrap());
        assert_eq!((removed.0, removed.1.as_str()), (403, "unknown-member"));
        assert_eq!(world.traces().await, before);
        assert_eq!(entries(&owner).len(), 1);
    });
}

#[test]
fn an_opt_out_denies_what_the_account_has_consented_to() {
    journey(async |world| {
        let [owner, admin, mia, _] = house(&world, "hazel", "business").await;
        let question = |people: &[&str]| json!([{"purpose": "ai_training", "account": "hazel", "content": "chat", "people": people}]);
        let both = ["mia@hazel.example", "max@hazel.example"];
        assert_eq!(decide(&owner, &question(&both))[0]["rule"], "consent_never_given");
        let consent = json!({"ai_training": {"value": {"chat": true}, "terms_version": TERMS}});
        world.change(&owner, "account", &consent);
        let allowed = &decide(&owner, &question(&both))[0];
        assert_eq!((&allowed["decision"], &allowed["basis"]["entry"]), (&json!("allow"), &json!(1)));
        world.change(&mia, "me", &json!({"ai_training_opt_out": {"value": true}}));
        let denied = &decide(&owner, &question(&both))[0];
        assert_eq!((&denied["decision"], &denied["rule"]), (&json!("deny"), &json!("person_opted_out")));
        assert_eq!(denied["basis"], json!({"account": "hazel", "entry": 2}));
        assert_eq!(decide(&owner, &question(&both[1..]))[0]["decision"], "allow");
        world.change(&admin, "account", &json!({"ai_training": {"value": null}}));
        assert_eq!(decide(&owner, &question(&both[1..]))[0]["rule"], "consent_withdrawn");

        let ledger = entries(&admin);
        let who: Vec<_> = ledger.iter().map(|entry| entry["by"].as_str().unwrap()).collect();
        assert_eq!(who, ["admin@hazel.example", "mia@hazel.example", "owner@hazel.example"]);
        assert_eq!(ledger[2]["terms"]["version"], TERMS);
        for to in ["owner@hazel.example", "admin@hazel.example"] {
            assert_eq!(consent_mails(&world, to).await, ["given", "withdrawn"], "{to}");
        }
        assert!(consent_mails_now(&world, "mia@hazel.example").is_empty());
    });
}

/// What the mails about consents to somebody say, once two have come.
async fn consent_mails(world: &World, to: &str) -> Vec<String> {
    for _ in 0..100 {
        let mails = consent_mails_now(world, to);
        if mails.len() >= 2 {
            return mails;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    consent_mails_now(world, to)
}

fn consent_mails_now(world: &World, to: &str) -> Vec<String> {
    let about =
        |mail: &Mail| mail.to.iter().any(|address| address == to) && mail.subject.starts_with("Consent");
    let mails = world.stack.mails().unwrap().into_iter().filter(about);
    let mut said: Vec<_> =
        mails.map(|mail| mail.subject.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    said.sort();
    said
}

#[test]
fn decisions_are_for_services_and_not_for_people() {
    journey(async |world| {
        let [owner, ..] = house(&world, "alder", "business").await;
        let question = json!({"questions": [{"purpose": "diagnostics", "account": "alder", "people": ["mia@alder.example"]}]});
        let refused = problem(&owner.post("/v1/decisions", &question).unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "services-only"));
        let nobody = world.stack.api(None).post("/v1/decisions", &question).unwrap();
        assert_eq!(nobody.status, 403);
        let hundred: Vec<_> = (0..100).map(|_| question["questions"][0].clone()).collect();
        assert_eq!(decide(&owner, &json!(hundred)).len(), 100);
        let more: Vec<_> = (0..101).map(|_| question["questions"][0].clone()).collect();
        let refused = owner.post_signed("/v1/decisions", &json!({ "questions": more })).unwrap();
        assert_eq!(problem(&refused).0, 422);
    });
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
