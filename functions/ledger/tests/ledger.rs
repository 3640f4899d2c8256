#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use aws_lambda_events::http::header::LINK;
use habeas_domain::{Digest, Role, Settings, SettingsPatch};
use habeas_lambda::Reply;
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, call, events, member, offer, reply};
use ledger::Ledger;
use serde_json::Value;

const NOW: &str = "2026-01-05T10:00:00Z";
const PAGE: &str = include_str!("../../../events/ledger/page.json");
const NEXT: &str = include_str!("../../../events/ledger/next-page.json");
const TABLE: &str = include_str!("../../../events/ledger/table.json");

/// Ana, the owner of amber, has changed a setting three times; Bob is a member.
async fn amber() -> LocalTable {
    let local = LocalTable::new();
    let table = local.table();
    table.upsert_account(&account("amber"), at(NOW)).await.unwrap();
    for (email, role) in [("ana@amber.example", Role::Owner), ("bob@amber.example", Role::Member)] {
        table.upsert_member(&member("amber", email, role), at(NOW)).await.unwrap();
    }
    for on in [true, false, true] {
        let patch = format!(
            r#"{{"settings": {{"optional_diagnostic_data": {{"value": {on}}}}}, "reason": "=1+1, for \"me\""}}"#
        );
        let standing = table.standing(&address("ana@amber.example")).await.unwrap().unwrap();
        let patch = SettingsPatch::parse(patch.as_bytes()).unwrap();
        let revision = standing.change_account(&patch, &offer(), at(NOW)).unwrap().unwrap();
        table.revise(&revision).await.unwrap();
    }
    local
}

async fn answer(local: &LocalTable, event: &str) -> Reply {
    let ledger = Ledger { directory: local.table(), settings: local.table() };
    reply(ledger.answer(&call(event), at(NOW)).await)
}

fn numbers(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    let local = amber().await;
    for event in events("ledger") {
        let status = answer(&local, &event.text).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
    }
}

#[tokio::test]
async fn pages_go_from_the_newest_entry_to_the_first() {
    let local = amber().await;
    let page = answer(&local, PAGE).await;
    assert_eq!((numbers(page.body()), &page.body()["next"]), (vec![3, 2], &Value::from("2")));
    let last = answer(&local, NEXT).await;
    assert_eq!((numbers(last.body()), last.body().get("next")), (vec![1], None));
}

#[tokio::test]
async fn an_entry_without_its_hash_has_the_text_that_was_hashed() {
    let page = answer(&amber().await, PAGE).await;
    let entries = page.body()["entries"].as_array().unwrap();
    for entry in entries {
        let mut text = entry.clone();
        let hash = text.as_object_mut().unwrap().remove("hash").unwrap();
        assert_eq!(Digest::of(&text.to_string()).as_str(), hash);
    }
    assert_eq!(entries[0]["prev"], entries[1]["hash"]);
}

#[tokio::test]
async fn a_table_has_a_line_for_each_change_and_no_formula() {
    let table = answer(&amber().await, TABLE).await;
    let text = table.text();
    let lines: Vec<_> = text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("number,at,by,role,scope,setting,from,to,"));
    let start =
        "3,2026-01-05T10:00:00Z,ana@amber.example,owner,account,optional_diagnostic_data,false,true,,,";
    assert!(lines[1].starts_with(&format!("{start}\"'=1+1, for \"\"me\"\"\"")), "{}", lines[1]);
    assert_eq!(table.header(&LINK), None);
}

#[tokio::test]
async fn a_table_that_goes_on_says_where() {
    let mut event: Value = serde_json::from_str(TABLE).unwrap();
    event["rawQueryString"] = "limit=2".into();
    event["queryStringParameters"] = serde_json::json!({"limit": "2"});
    let table = answer(&amber().await, &event.to_string()).await;
    assert_eq!(table.header(&LINK), Some("</v1/settings/ledger?limit=2&cursor=2>; rel=\"next\""));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_an_error_and_no_end() {
    let local = amber().await;
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.into());
    let update = local.client().update_item().table_name(local.name());
    let update = update.key("pk", text("ACCT#amber#LEDGER")).key("sk", text("ENTRY#000000000002"));
    let update = update.update_expression("SET #text = :text").expression_attribute_names("#text", "text");
    update.expression_attribute_values(":text", text("[1]")).send().await.unwrap();
    assert_eq!(answer(&local, PAGE).await.status(), 503);
}
