//! Holds in the table: what is placed, what a deletion goes by, what is released
//! and what follows, with one winner wherever two are at it.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use habeas_aws::Table;
use habeas_domain::{
    AccountId, EventKind, HeldNote, Hold, HoldBook, HoldId, HoldOn, HoldOrder, Kind, Request, RequestId,
    Requests, Role, Stamp, StoreError, follow_up,
};
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::{account, address, at, member, request};
use serde_json::json;

const NOW: &str = "2026-01-05T10:00:00Z";
const LATER: &str = "2026-03-05T10:00:00Z";

/// By so much, times up to 64, either side of a race begins later.
const HEAD_START: Duration = Duration::from_micros(100);

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

fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
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

#[tokio::test]
async fn what_was_held_comes_back_in_order_and_goes_whole() {
    let local = LocalTable::new();
    let table = local.table();
    with_deletion(&local, request_id(1));
    with_deletion(&local, request_id(2));
    placed(&table, &hold(1, HoldOn::Account)).await;
    let chunks: Vec<_> = (0..12).map(|chunk| vec![json!({"key": chunk}), json!("x")]).collect();
    for _ in 0..2 {
        for number in [1, 2] {
            let note = note(request_id(number), &[hold_id(1)]);
            table.put_held(&note, chunks.clone(), at(NOW)).await.unwrap();
        }
    }
    let notes = table.held_notes(&amber()).await.unwrap();
    let expected = |number| HeldNote { chunks: 12, ..note(request_id(number), &[hold_id(1)]) };
    assert_eq!(notes, [expected(1), expected(2)]);
    let texts = table.held_targets(&amber(), request_id(1)).await.unwrap();
    let read: Vec<Vec<serde_json::Value>> =
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(read, chunks);
    local.limit_pages(5);
    table.remove_held(&amber(), request_id(1)).await.unwrap();
    table.remove_held(&amber(), request_id(1)).await.unwrap();
    assert_eq!(table.held_targets(&amber(), request_id(1)).await.unwrap(), Vec::<String>::new());
    assert_eq!(table.held_targets(&amber(), request_id(2)).await.unwrap().len(), 12);
    let left = local.rows().iter().filter(|row| format!("{row:?}").contains("TARGETS#")).count();
    assert_eq!(left, 12);
}

#[tokio::test]
async fn a_release_queues_what_the_hold_has_held_and_nothing_else() {
    let local = LocalTable::new();
    let table = local.table();
    for number in 1..=2 {
        placed(&table, &hold(number, on_bob())).await;
    }
    for (number, holds) in [(1, vec![hold_id(1)]), (2, vec![hold_id(2)]), (3, vec![hold_id(1), hold_id(2)])] {
        with_deletion(&local, request_id(number));
        table.put_held(&note(request_id(number), &holds), vec![], at(NOW)).await.unwrap();
    }
    assert_eq!(queued(&table).await, []);
    assert_eq!(release(&table, hold_id(1)).await.unwrap(), [request_id(1), request_id(3)]);
    assert_eq!(queued(&table).await, [request_id(1), request_id(3)]);
    assert!(conflict(&release(&table, hold_id(1)).await), "it is released already");
    let [released] = &table.released_holds(&amber()).await.unwrap()[..] else { panic!("one") };
    assert_eq!((released.hold.id, released.released_at), (hold_id(1), at(LATER)));
}

#[tokio::test]
async fn a_release_of_more_than_one_transaction_takes_releases_all_or_can_begin_again() {
    let local = LocalTable::new();
    let table = local.table();
    placed(&table, &hold(1, HoldOn::Account)).await;
    for number in 1..=185 {
        with_deletion(&local, request_id(number));
        table.put_held(&note(request_id(number), &[hold_id(1)]), vec![], at(NOW)).await.unwrap();
    }
    let stale = HoldBook { version: 1, ..table.hold_book(&amber()).await.unwrap() };
    let released =
        stale.holds[0].clone().release(&member("amber", "ana@amber.example", Role::Admin), at(LATER));
    let all: Vec<_> = (1..=185).map(request_id).collect();
    assert!(conflict(&table.release_hold(&released, &stale, &all).await));
    assert_eq!(queued(&table).await, []);
    assert_eq!(release(&table, hold_id(1)).await.unwrap().len(), 185);
    assert_eq!(queued(&table).await.len(), 185);
    assert_eq!(table.hold_book(&amber()).await.unwrap().holds, []);
}

#[tokio::test]
async fn what_was_held_by_a_hold_that_is_released_meanwhile_is_queued_at_once() {
    let local = LocalTable::new();
    let table = local.table();
    with_deletion(&local, request_id(1));
    placed(&table, &hold(1, on_bob())).await;
    release(&table, hold_id(1)).await.unwrap();
    table.put_held(&note(request_id(1), &[hold_id(1)]), vec![], at(NOW)).await.unwrap();
    assert_eq!(queued(&table).await, [request_id(1)]);
}

#[tokio::test]
async fn a_follow_up_is_filed_with_the_note_of_it_or_not_at_all() {
    let local = LocalTable::new();
    let table = local.table();
    let original = with_deletion(&local, request_id(1));
    placed(&table, &hold(1, on_bob())).await;
    let held = note(request_id(1), &[hold_id(1)]);
    table.put_held(&held, vec![], at(NOW)).await.unwrap();
    release(&table, hold_id(1)).await.unwrap();
    let [waiting] = &table.released(at(LATER) + TimeDelta::days(1)).await.unwrap().rows[..] else {
        panic!("one waits")
    };
    // A hold may stand for longer than the record of the request.
    assert_eq!(waiting.original, original);
    let stamp = Stamp { id: request_id(2), at: at(LATER) };
    let request = follow_up(&waiting.original, stamp, TimeDelta::minutes(30));
    table.file_follow_up(&request, &waiting.note).await.unwrap();
    assert_eq!(table.request(request.id).await.unwrap(), Some(request.clone()));
    assert_eq!(table.requests_about(&amber(), &original.subjects[0]).await.unwrap(), [request]);
    assert_eq!(queued(&table).await, []);
    let again = Stamp { id: request_id(3), at: at(LATER) };
    let again = follow_up(&waiting.original, again, TimeDelta::minutes(30));
    assert!(conflict(&table.file_follow_up(&again, &waiting.note).await));
    assert_eq!(table.request(again.id).await.unwrap(), None);
    // A task that is repeated late does not undo it.
    table.put_held(&held, vec![], at(LATER)).await.unwrap();
    assert_eq!(table.held_notes(&amber()).await.unwrap()[0].follow_up, Some(request_id(2)));
    assert_eq!(queued(&table).await, []);
}

#[test]
fn a_follow_up_is_filed_once_though_two_sweeps_run() {
    for round in 0..50_u32 {
        let local = LocalTable::new();
        with_deletion(&local, request_id(1));
        let held = block_on(async {
            let table = local.table();
            placed(&table, &hold(1, on_bob())).await;
            table.put_held(&note(request_id(1), &[hold_id(1)]), vec![], at(NOW)).await.unwrap();
            release(&table, hold_id(1)).await.unwrap();
            table.released(at(LATER) + TimeDelta::days(1)).await.unwrap().rows.remove(0)
        });
        let start = Arc::new(Barrier::new(2));
        let sweeps = [2, 3].map(|number| {
            let (table, held, start) = (local.table(), held.clone(), Arc::clone(&start));
            thread::spawn(move || {
                let stamp = Stamp { id: request_id(number), at: at(LATER) };
                let request = follow_up(&held.original, stamp, TimeDelta::minutes(30));
                start.wait();
                thread::sleep(HEAD_START * (round * number as u32 * 37 % 64));
                block_on(table.file_follow_up(&request, &held.note)).is_ok()
            })
        });
        let filed = sweeps.map(|sweep| sweep.join().unwrap());
        let rows =
            [2, 3].map(|number| block_on(local.table().request(request_id(number))).unwrap().is_some());
        assert_eq!(filed, rows);
        assert_eq!(filed.iter().filter(|filed| **filed).count(), 1);
    }
}

#[test]
fn a_hold_and_a_deletion_that_begins_have_one_winner_and_the_loser_sees_it() {
    let (mut held, mut late) = (0, 0);
    for round in 0..200_u32 {
        let local = LocalTable::new();
        let begins = 1 + round % 3;
        let start = Arc::new(Barrier::new(begins as usize + 1));
        let deletions: Vec<_> = (0..begins)
            .map(|number| {
                let (table, start) = (local.table(), Arc::clone(&start));
                thread::spawn(move || {
                    let id = request_id(u128::from(number));
                    start.wait();
                    thread::sleep(HEAD_START * ((round + number) * 37 % 64));
                    // As `erase` does: until it has begun by a book that still holds.
                    loop {
                        let seen = block_on(table.hold_book(&amber())).unwrap();
                        match block_on(table.begin_erasing(&amber(), id, &seen)) {
                            Ok(()) => return (id, !seen.holds.is_empty()),
                            Err(StoreError::Conflict) => {}
                            Err(fault) => panic!("{fault:?}"),
                        }
                    }
                })
            })
            .collect();
        let table = local.table();
        start.wait();
        thread::sleep(HEAD_START * (round * 53 % 64));
        let too_late_for = loop {
            let seen = block_on(table.hold_book(&amber())).unwrap();
            match block_on(table.place_hold(&hold(1, on_bob()), &seen)) {
                Ok(()) => break seen.erasing,
                Err(StoreError::Conflict) => {}
                Err(fault) => panic!("{fault:?}"),
            }
        };
        for deletion in deletions {
            let (id, has_seen_it) = deletion.join().unwrap();
            assert_eq!(too_late_for.contains_key(&id), !has_seen_it, "round {round}");
            if has_seen_it { held += 1 } else { late += 1 }
        }
    }
    assert!(held > 0 && late > 0, "no race: {held} held, {late} late");
}

#[test]
fn no_release_misses_what_is_noted_at_the_same_moment() {
    let (mut by_release, mut by_note) = (0, 0);
    for round in 0..200_u32 {
        let local = LocalTable::new();
        with_deletion(&local, request_id(1));
        block_on(placed(&local.table(), &hold(1, on_bob())));
        let start = Arc::new(Barrier::new(2));
        let noting = thread::spawn({
            let (table, start) = (local.table(), Arc::clone(&start));
            move || {
                start.wait();
                thread::sleep(HEAD_START * (round * 37 % 64));
                block_on(table.put_held(&note(request_id(1), &[hold_id(1)]), vec![], at(NOW))).unwrap();
            }
        });
        start.wait();
        thread::sleep(HEAD_START * (round * 53 % 64));
        let affected = loop {
            match block_on(release(&local.table(), hold_id(1))) {
                Ok(affected) => break affected,
                Err(StoreError::Conflict) => {}
                Err(fault) => panic!("{fault:?}"),
            }
        };
        noting.join().unwrap();
        assert_eq!(block_on(queued(&local.table())), [request_id(1)], "round {round}");
        if affected.is_empty() { by_note += 1 } else { by_release += 1 }
    }
    assert!(by_release > 0 && by_note > 0, "no race: {by_release} by release, {by_note} by note");
}

#[tokio::test]
async fn the_first_request_names_the_second_in_its_timeline() {
    let local = LocalTable::new();
    let table = local.table();
    with_deletion(&local, request_id(1));
    let news = habeas_aws::News { event: EventKind::FollowUpFiled, detail: request_id(2).to_string() };
    assert!(table.note(request_id(1), &news, at(LATER)).await.unwrap());
    assert!(!table.note(request_id(1), &news, at(LATER)).await.unwrap());
    let request = table.request(request_id(1)).await.unwrap().unwrap();
    assert_eq!(request.timeline.verify(request.id), Ok(()));
    assert_eq!(json!(request.timeline.last())["event"], "follow_up_filed");
}
