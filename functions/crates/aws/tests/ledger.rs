//! A ledger is read whole, however much DynamoDB gives at a time.

use habeas_domain::{Role, Settings, SettingsPatch};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, member, offer};
use serde_json::json;

const NOW: &str = "2026-01-05T10:00:00Z";

/// With the longest reasons there are, so many entries take more than a megabyte.
const ENTRIES: u64 = 700;

#[tokio::test]
async fn a_list_that_takes_more_than_one_query_is_whole() {
    let local = LocalTable::new();
    let table = local.table();
    table.upsert_account(&account("amber"), at(NOW)).await.unwrap();
    table.upsert_member(&member("amber", "ana@amber.example", Role::Owner), at(NOW)).await.unwrap();
    for number in 1..=ENTRIES {
        let settings = json!({"optional_diagnostic_data": {"value": number % 2 == 1}});
        let patch = json!({"settings": settings, "reason": "\u{1f642}".repeat(500)}).to_string();
        let standing = table.standing(&address("ana@amber.example")).await.unwrap().unwrap();
        let patch = SettingsPatch::parse(patch.as_bytes()).unwrap();
        let revision = standing.change_account(&patch, &offer(), at(NOW)).unwrap().unwrap();
        table.revise(&revision).await.unwrap();
    }
    local.forget_calls();
    let entries = table.entries(&account("amber").id, None, 1_000).await.unwrap();
    let numbers: Vec<_> = entries.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=ENTRIES).rev().collect::<Vec<_>>());
    assert!(local.calls().len() > 1, "it was one query");
    let page = table.entries(&account("amber").id, Some(11), 5).await.unwrap();
    assert_eq!(page.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [10, 9, 8, 7, 6]);
}
