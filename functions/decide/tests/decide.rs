#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use decide::Decide;
use habeas_domain::{CacheTimes, PEOPLE_MAX, Role, Settings, SettingsPatch, Standing};
use habeas_lambda::Reply;
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, call, events, member, offer, reply, terms};
use serde_json::{Value, json};

const NOW: &str = "2026-01-05T10:00:00Z";
const TRAINING: &str = include_str!("../../../events/decide/training.json");

async fn change(local: &LocalTable, email: &str, of_account: bool, settings: Value) {
    let table = local.table();
    let standing: Standing = table.standing(&address(email)).await.unwrap().unwrap();
    let patch = SettingsPatch::parse(json!({ "settings": settings }).to_string().as_bytes()).unwrap();
    let revision = if of_account {
        standing.change_account(&patch, &offer(), at(NOW))
    } else {
        standing.change_own(&patch, &terms(), at(NOW))
    };
    table.revise(&revision.unwrap().unwrap()).await.unwrap();
}

/// Amber has consented to training on chat, and Bob has opted out. Eve belongs
/// to birch.
async fn world() -> LocalTable {
    let local = LocalTable::new();
    let table = local.table();
    for account in [account("amber"), account("birch")] {
        table.upsert_account(&account, at(NOW)).await.unwrap();
    }
    for (of, email, role) in [
        ("amber", "ana@amber.example", Role::Owner),
        ("amber", "bob@amber.example", Role::Member),
        ("birch", "eve@birch.example", Role::Owner),
    ] {
        table.upsert_member(&member(of, email, role), at(NOW)).await.unwrap();
    }
    let consent = json!({"ai_training": {"value": {"chat": true}, "terms_version": "2026-11"}});
    change(&local, "ana@amber.example", true, consent).await;
    change(&local, "bob@amber.example", false, json!({"ai_training_opt_out": {"value": true}})).await;
    local
}

async fn answer(local: &LocalTable, event: &str) -> Reply {
    let cache = CacheTimes { allow_seconds: 60, deny_seconds: 300 };
    let decide = Decide { choices: local.table(), terms: terms(), cache };
    reply(decide.answer(&call(event)).await)
}

async fn ask(local: &LocalTable, questions: &Value) -> Reply {
    let mut event: Value = serde_json::from_str(TRAINING).unwrap();
    event["body"] = json!(json!({ "questions": questions }).to_string());
    answer(local, &event.to_string()).await
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    let local = world().await;
    for event in events("decide") {
        let status = answer(&local, &event.text).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
    }
}

#[tokio::test]
async fn an_opt_out_denies_what_is_allowed_without_that_person() {
    let answer = answer(&world().await, TRAINING).await;
    assert_eq!(
        answer.body()["decisions"],
        json!([
            {"decision": "allow", "rule": "consent_given", "basis": {"account": "amber", "entry": 1}, "cache_seconds": 60},
            {"decision": "deny", "rule": "person_opted_out", "basis": {"account": "amber", "entry": 2}, "cache_seconds": 300},
            {"decision": "deny", "rule": "account_off", "basis": null, "cache_seconds": 300},
            {"decision": "deny", "rule": "account_unknown", "basis": null, "cache_seconds": 300},
        ])
    );
}

#[tokio::test]
async fn an_opt_out_holds_after_somebody_has_left() {
    let local = world().await;
    let bob = address("bob@amber.example");
    local.table().remove_member(&bob, at("2026-01-06T10:00:00Z")).await.unwrap();
    let people = json!(["bob@amber.example"]);
    let question =
        json!([{"purpose": "ai_training", "account": "amber", "content": "chat", "people": people}]);
    assert_eq!(ask(&local, &question).await.body()["decisions"][0]["rule"], "person_opted_out");
}

#[tokio::test]
async fn somebody_of_another_account_has_not_been_asked() {
    let people = json!(["eve@birch.example"]);
    let question =
        json!([{"purpose": "ai_training", "account": "amber", "content": "chat", "people": people}]);
    assert_eq!(ask(&world().await, &question).await.body()["decisions"][0]["rule"], "person_unknown");
}

#[tokio::test]
async fn an_opt_out_in_another_account_holds_and_is_not_told_whose_it_is() {
    let local = world().await;
    change(&local, "eve@birch.example", false, json!({"ai_training_opt_out": {"value": true}})).await;
    let people = json!(["eve@birch.example"]);
    let question =
        json!([{"purpose": "ai_training", "account": "amber", "content": "chat", "people": people}]);
    let decided = ask(&local, &question).await.body()["decisions"][0].clone();
    assert_eq!((&decided["rule"], &decided["basis"]), (&json!("person_opted_out"), &Value::Null));
}

#[tokio::test]
async fn people_are_read_only_where_their_account_has_not_decided() {
    let local = world().await;
    local.forget_calls();
    let question = json!([{"purpose": "diagnostics", "account": "amber", "people": ["bob@amber.example"]}]);
    assert_eq!(ask(&local, &question).await.status(), 200);
    assert_eq!(local.calls(), ["BatchGetItem"]);
}

#[tokio::test]
async fn a_hundred_questions_about_thousands_of_people_are_one_call() {
    let local = world().await;
    let people =
        |from: usize, to: usize| -> Vec<_> { (from..to).map(|n| format!("p{n}@x.example")).collect() };
    let question = |people: Vec<String>| json!({"purpose": "ai_training", "account": "amber", "content": "chat", "people": people});
    let each = PEOPLE_MAX / 100;
    let most: Vec<_> = (0..100).map(|n| question(people(n * each, (n + 1) * each))).collect();
    let answered = ask(&local, &json!(most)).await;
    assert_eq!(answered.body()["decisions"].as_array().unwrap().len(), 100);
    let one_more: Vec<_> = (0..100).map(|n| question(people(n * each, (n + 1) * each + 1))).collect();
    assert_eq!(ask(&local, &json!(one_more)).await.status(), 422);
}
