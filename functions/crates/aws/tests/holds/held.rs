//! What was held, what a release makes of it, and the follow-up.

use chrono::TimeDelta;
use habeas_domain::{EventKind, HeldNote, HoldBook, HoldOn, Role, Stamp, follow_up};
use habeas_local_table::LocalTable;
use habeas_testkit::{at, member};
use serde_json::json;

use crate::{
    LATER, NOW, amber, conflict, hold, hold_id, note, on_bob, placed, queued, release, request_id,
    with_deletion,
};

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
