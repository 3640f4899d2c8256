//! Holds in the table: what is placed, what a deletion goes by, what is released
//! and what follows, with one winner wherever two are at it.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "holds/held.rs"]
mod held;
#[path = "holds/races.rs"]
mod races;

use chrono::TimeDelta;
use habeas_aws::Table;
use habeas_domain::{
    AccountId, HeldNote, Hold, HoldBook, HoldId, HoldOn, HoldOrder, Kind, Request, RequestId, Requests, Role,
    StoreError,
};
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::{account, address, at, member, request};
use serde_json::json;

const NOW: &str = "2026-01-05T10:00:00Z";
const LATER: &str = "2026-03-05T10:00:00Z";

fn amber() -> AccountId {
    account("amber").id
}

fn hold_id(number: u128) -> HoldId {
    HoldId::parse(&format!("019b8d3a-0000-7000-9000-{number:012}")).unwrap()
}

fn request_id(number: u128) -> RequestId {
    RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap()
}

fn hold(number: u128, on: HoldOn) -> Hold {
    let order = HoldOrder { on, reason: "A dispute".into(), reference: "4 O 12/26".into() };
    Hold::place(order, hold_id(number), &member("amber", "ana@amber.example", Role::Admin), at(NOW))
}

fn on_bob() -> HoldOn {
    HoldOn::Subject { subject: address("bob@amber.example") }
}

async fn placed(table: &Table, hold: &Hold) {
    table.place_hold(hold, &table.hold_book(&hold.account).await.unwrap()).await.unwrap();
}

/// A deletion's row, as the table has it.
fn with_deletion(local: &LocalTable, id: RequestId) -> Request {
    let deletion = Request { id, kind: Kind::Delete, ..request() }.as_filed();
    let mut row = habeas_aws::typed(&json!(deletion))["M"].as_object().unwrap().clone();
    row.insert("pk".into(), json!({"S": format!("REQ#{id}")}));
    row.insert("sk".into(), json!({"S": "REQUEST"}));
    row.insert("head".into(), json!({"S": deletion.timeline.head()}));
    local.run("PutItem", json!({"TableName": local.name(), "Item": row})).unwrap();
    deletion
}

fn note(request: RequestId, holds: &[HoldId]) -> HeldNote {
    HeldNote {
        account: amber(),
        request,
        holds: holds.iter().copied().collect(),
        count: 3,
        chunks: 0,
        follow_up: None,
    }
}

async fn release(table: &Table, id: HoldId) -> Result<Vec<RequestId>, StoreError> {
    let seen = table.hold_book(&amber()).await?;
    let notes = table.held_notes(&amber()).await?;
    let affected: Vec<_> = notes.iter().filter(|note| note.waits_for(id)).map(|note| note.request).collect();
    let hold = seen.hold(id).ok_or(StoreError::Conflict)?.clone();
    let released = hold.release(&member("amber", "ana@amber.example", Role::Admin), at(LATER));
    table.release_hold(&released, &seen, &affected).await.map(|()| affected)
}

async fn queued(table: &Table) -> Vec<RequestId> {
    let waiting = table.released(at(LATER) + TimeDelta::days(1)).await.unwrap();
    assert_eq!(waiting.unreadable, 0);
    let mut requests: Vec<_> = waiting.rows.into_iter().map(|held| held.note.request).collect();
    requests.sort();
    requests
}

fn conflict<T>(written: &Result<T, StoreError>) -> bool {
    matches!(written, Err(StoreError::Conflict))
}

#[tokio::test]
async fn a_book_has_what_was_placed_oldest_first() {
    let table = LocalTable::new().table();
    assert_eq!(table.hold_book(&amber()).await.unwrap(), HoldBook::default());
    let records =
        HoldOn::Records { source: "chat_messages".into(), field: "channel_id".into(), value: "c-1".into() };
    let holds = [hold(1, on_bob()), hold(2, records), hold(3, HoldOn::Account)];
    for hold in &holds {
        placed(&table, hold).await;
    }
    let book = table.hold_book(&amber()).await.unwrap();
    assert_eq!((book.version, &book.holds[..]), (3, &holds[..]));
    assert_eq!(table.hold_book(&account("birch").id).await.unwrap(), HoldBook::default());
}

#[tokio::test]
async fn a_book_of_several_pages_is_whole_and_nothing_else_is_in_it() {
    let local = LocalTable::new();
    let table = local.table();
    for number in 1..=7 {
        placed(&table, &hold(number, on_bob())).await;
    }
    with_deletion(&local, request_id(1));
    table.put_held(&note(request_id(1), &[hold_id(2)]), vec![vec![json!(1)]], at(NOW)).await.unwrap();
    release(&table, hold_id(7)).await.unwrap();
    local.limit_pages(2);
    let book = table.hold_book(&amber()).await.unwrap();
    let ids: Vec<_> = book.holds.iter().map(|hold| hold.id).collect();
    assert_eq!(ids, (1..=6).map(hold_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn holds_are_no_requests() {
    let table = LocalTable::new().table();
    placed(&table, &hold(1, on_bob())).await;
    release(&table, hold_id(1)).await.unwrap();
    placed(&table, &hold(2, on_bob())).await;
    let page = table.list(&amber(), &habeas_domain::Filter::default(), None, 10).await.unwrap();
    assert_eq!(page.requests, []);
}

#[tokio::test]
async fn who_has_not_seen_the_last_book_places_and_erases_nothing() {
    let table = LocalTable::new().table();
    let first = table.hold_book(&amber()).await.unwrap();
    placed(&table, &hold(1, on_bob())).await;
    assert!(conflict(&table.place_hold(&hold(2, on_bob()), &first).await));
    assert!(conflict(&table.begin_erasing(&amber(), request_id(1), &first).await));
    let second = table.hold_book(&amber()).await.unwrap();
    table.begin_erasing(&amber(), request_id(1), &second).await.unwrap();
    // The version is the same, but a deletion has begun since.
    assert!(conflict(&table.place_hold(&hold(2, on_bob()), &second).await));
    let third = table.hold_book(&amber()).await.unwrap();
    assert_eq!(third.erasing, [(request_id(1), 1)].into());
    table.place_hold(&hold(2, on_bob()), &third).await.unwrap();
    table.end_erasing(&amber(), request_id(1)).await.unwrap();
    table.end_erasing(&amber(), request_id(1)).await.unwrap();
    let last = table.hold_book(&amber()).await.unwrap();
    assert_eq!((last.version, last.holds.len(), last.erasing.len()), (2, 2, 0));
}

#[tokio::test]
async fn deletions_do_not_stand_in_each_others_way() {
    let table = LocalTable::new().table();
    let seen = table.hold_book(&amber()).await.unwrap();
    for number in 1..=3 {
        table.begin_erasing(&amber(), request_id(number), &seen).await.unwrap();
    }
    table.begin_erasing(&amber(), request_id(1), &seen).await.unwrap();
    table.end_erasing(&amber(), request_id(2)).await.unwrap();
    let erasing = table.hold_book(&amber()).await.unwrap().erasing;
    assert_eq!(erasing, [(request_id(1), 0), (request_id(3), 0)].into());
    table.end_erasing(&account("birch").id, request_id(1)).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_changes_nothing() {
    for fault in [Fault::BeforeIt, Fault::AfterIt] {
        let local = LocalTable::new();
        let table = local.table();
        let seen = table.hold_book(&amber()).await.unwrap();
        local.fail_next(fault);
        table.begin_erasing(&amber(), request_id(1), &seen).await.unwrap();
        let seen = table.hold_book(&amber()).await.unwrap();
        local.fail_next(fault);
        table.place_hold(&hold(1, on_bob()), &seen).await.unwrap();
        let book = table.hold_book(&amber()).await.unwrap();
        assert_eq!((book.version, book.holds.len(), book.erasing.len()), (1, 1, 1));
    }
}
