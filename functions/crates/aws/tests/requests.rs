//! Requests in the table: filed whole or not at all, read by whose they are,
//! and written by one at a time.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use chrono::TimeDelta;
use habeas_aws::Table;
use habeas_domain::{
    Archive, EventKind, Filing, IdempotencyKey, Order, Request, RequestId, Requests, Role, Slots, Status,
    StoreError,
};
use habeas_local_table::{Fault, LocalTable, RECORD_DAYS};
use habeas_testkit::{at, member, request};

fn order() -> Order {
    Order::parse(br#"{"kind": "export", "subjects": ["bob@amber.example"]}"#).unwrap()
}

/// Filing number `number` of Ana's, with a key where one is given.
fn filing(number: u128, key: Option<&str>) -> Filing {
    let key = key.map(|key| IdempotencyKey::parse(key).unwrap());
    let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
    let ana = member("amber", "ana@amber.example", Role::Admin);
    Filing {
        request: Request { id, ..request() }.as_filed(),
        slots: Slots::of(&order(), &ana, key.as_ref()),
        fingerprint: order().fingerprint(),
        seen_twins: vec![],
        open_twins: vec![],
    }
}

async fn filed(table: &Table) -> Request {
    let filing = filing(1, None);
    table.file(&filing).await.unwrap();
    filing.request
}

fn conflict(written: Result<(), StoreError>) -> bool {
    matches!(written, Err(StoreError::Conflict))
}

#[tokio::test]
async fn a_request_comes_back_as_it_was_filed() {
    let table = LocalTable::new().table();
    let request = filed(&table).await;
    assert_eq!(table.get(&request.account, request.id).await.unwrap(), Some(request.clone()));
    let other = member("birch", "eve@birch.example", Role::Owner).account;
    assert_eq!(table.get(&other, request.id).await.unwrap(), None, "tenants do not meet");
}

#[tokio::test]
async fn what_is_in_the_way_of_a_filing_leaves_nothing_of_it() {
    let local = LocalTable::new();
    let table = local.table();
    table.file(&filing(1, Some("k"))).await.unwrap();
    let rows = local.rows().len();
    let same_key = Filing { seen_twins: vec![filing(1, None).request.id], ..filing(2, Some("k")) };
    let unseen_twin = filing(2, Some("other"));
    let same_id = Filing { seen_twins: vec![filing(1, None).request.id], ..filing(1, Some("other")) };
    for filing in [same_key, unseen_twin, same_id] {
        assert!(conflict(table.file(&filing).await));
        assert_eq!(local.rows().len(), rows);
    }
    let allowed = Filing { seen_twins: vec![filing(1, None).request.id], ..filing(2, Some("other")) };
    table.file(&allowed).await.unwrap();
}

#[tokio::test]
async fn guards_tell_what_was_filed() {
    let table = LocalTable::new().table();
    let first = filing(1, Some("k"));
    let guards = table.guards(&first.request.account, &first.slots).await.unwrap();
    assert_eq!((guards.answered, guards.twins), (None, vec![]));
    table.file(&first).await.unwrap();
    let guards = table.guards(&first.request.account, &first.slots).await.unwrap();
    assert_eq!((guards.answered, guards.twins), (Some(first.answered()), vec![first.request.id]));
}

#[tokio::test]
async fn a_key_is_free_again_when_its_day_is_over_whether_or_not_its_row_is_gone() {
    let table = LocalTable::new().table();
    table.file(&filing(1, Some("k"))).await.unwrap();
    for (hours, is_free) in [(23, false), (24, true)] {
        let mut later = filing(2, Some("k"));
        later.seen_twins = vec![filing(1, None).request.id];
        later.request.created_at += TimeDelta::hours(hours);
        assert_eq!(table.file(&later).await.is_ok(), is_free, "{hours} hours");
    }
}

#[tokio::test]
async fn a_filing_whose_answer_is_lost_is_filed_once() {
    for fault in [Fault::BeforeIt, Fault::AfterIt] {
        let local = LocalTable::new();
        local.fail_next(fault);
        local.table().file(&filing(1, Some("k"))).await.unwrap();
        assert_eq!(local.calls(), ["TransactWriteItems", "TransactWriteItems"], "{fault:?}");
        // The request, its answer, its mark for twins, and the row of its one person.
        assert_eq!(local.rows().len(), 4, "{fault:?}");
    }
}

#[tokio::test]
async fn who_asks_and_what_they_ask_for_are_one_read() {
    let local = LocalTable::new();
    let table = local.table();
    let request = filed(&table).await;
    let ana = member("amber", "ana@amber.example", Role::Admin);
    table.upsert_member(&ana, at("2026-01-01T00:00:00Z")).await.unwrap();
    local.forget_calls();
    let found = table.member_and_request(&ana.email, request.id).await.unwrap();
    assert_eq!(found, Some((ana.clone(), Some(request.clone()))));
    assert_eq!(local.calls(), ["BatchGetItem"]);

    table.remove_member(&ana.email, at("2026-01-02T00:00:00Z")).await.unwrap();
    assert_eq!(table.member_and_request(&ana.email, request.id).await.unwrap(), None);
    assert_eq!(table.member_and_request(&ana.email, RequestId::LAST).await.unwrap(), None);
}

#[tokio::test]
async fn of_two_writers_with_the_same_head_one_loses() {
    let table = LocalTable::new().table();
    let request = filed(&table).await;
    let in_time = at("2026-01-05T10:01:00Z");
    let bounced = request.clone().with_event(in_time, EventKind::MailBounced, None, Some("received".into()));
    table.append(&bounced).await.unwrap();
    assert!(conflict(table.append(&bounced).await), "the same again");
    let ana = request.requestor.email.clone();
    let revoked = request.revoke(&ana, in_time).unwrap();
    assert!(conflict(table.revoke(&revoked).await), "a revoke that has not seen the mail");
    let revoked = bounced.revoke(&ana, in_time).unwrap();
    table.revoke(&revoked).await.unwrap();
    let stored = table.request(revoked.id).await.unwrap().unwrap();
    assert_eq!(stored, revoked);
    assert_eq!(stored.timeline.verify(stored.id), Ok(()));
}

#[tokio::test]
async fn a_revoke_at_the_start_is_too_late_for_the_table_too() {
    let table = LocalTable::new().table();
    let request = filed(&table).await;
    let mut late = request.clone().revoke(&request.requestor.email, at("2026-01-05T10:04:59Z")).unwrap();
    late.ended_at = Some(request.starts_at);
    assert!(conflict(table.revoke(&late).await));
}

/// Moves a request to `Completed` with an archive, as the workflow does.
async fn complete(local: &LocalTable, request: Request, expires_at: &str) -> Request {
    let archive = Archive {
        key: "1".into(),
        residency: habeas_domain::Residency::Us,
        bytes: 1,
        expires_at: at(expires_at),
        removed_at: None,
        withdrawn_by: None,
    };
    let completed = Request { status: Status::Completed, archive: Some(archive), ..request };
    let update = local.client().update_item().table_name(local.name());
    let archive = serde_json::json!(completed.archive);
    update
        .set_key(Some(habeas_aws::request_key(completed.id)))
        .update_expression("SET #status = :completed, #archive = :archive")
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#archive", "archive")
        .expression_attribute_values(":completed", serde_dynamo::to_attribute_value("Completed").unwrap())
        .expression_attribute_values(":archive", serde_dynamo::to_attribute_value(archive).unwrap())
        .send()
        .await
        .unwrap();
    let archive = completed.archive.as_ref().unwrap();
    local.table().put_archive(&completed, archive, at("2026-01-05T10:05:00Z")).await.unwrap();
    completed
}

#[tokio::test]
async fn a_link_is_recorded_until_the_archive_expires() {
    let local = LocalTable::new();
    let table = local.table();
    let request = complete(&local, filed(&table).await, "2026-04-05T10:00:00Z").await;
    for (time, recorded) in [("2026-04-05T09:59:59Z", true), ("2026-04-05T10:00:00Z", false)] {
        let stored = table.request(request.id).await.unwrap().unwrap();
        let minted = stored.with_event(at(time), EventKind::LinkMinted, None, None);
        assert_eq!(table.record_link(&minted).await.is_ok(), recorded, "{time}");
    }
}

#[tokio::test]
async fn an_archive_is_looked_at_a_week_before_its_end_and_at_its_end() {
    let local = LocalTable::new();
    let table = local.table();
    let request = complete(&local, filed(&table).await, "2026-04-05T10:00:00Z").await;
    let ageing = async |time: &str| table.ageing(at(time)).await.unwrap().rows;
    assert_eq!(ageing("2026-03-29T10:00:00Z").await, []);
    let [note] = &ageing("2026-03-29T10:00:01Z").await[..] else { panic!("one archive ages") };
    assert_eq!((note.request, note.expires_at), (request.id, at("2026-04-05T10:00:00Z")));
    table.look_at_archive(note, note.expires_at).await.unwrap();
    assert_eq!(ageing("2026-04-05T10:00:00Z").await, []);
    assert_eq!(ageing("2026-04-05T10:00:01Z").await.len(), 1);
}

#[tokio::test]
async fn an_archive_that_is_kept_for_a_week_is_not_announced() {
    let local = LocalTable::new();
    let table = local.table();
    complete(&local, filed(&table).await, "2026-01-12T10:05:00Z").await;
    assert_eq!(table.ageing(at("2026-01-12T10:05:00Z")).await.unwrap().rows, []);
    assert_eq!(table.ageing(at("2026-01-12T10:05:01Z")).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn the_removal_of_an_archive_is_noted_once_however_often_it_is_told() {
    let local = LocalTable::new();
    let table = local.table();
    let request = complete(&local, filed(&table).await, "2026-04-05T10:00:00Z").await;
    for _ in 0..2 {
        table.note_removal(request.id, None, at("2026-04-05T10:01:00Z")).await.unwrap();
        let stored = table.request(request.id).await.unwrap().unwrap();
        assert_eq!(stored.archive.unwrap().removed_at, Some(at("2026-04-05T10:01:00Z")));
        assert_eq!(stored.timeline.events().len(), 2);
        assert_eq!(stored.timeline.verify(stored.id), Ok(()));
    }
    // A request that nobody knows any more has nothing to note.
    table.note_removal(RequestId::LAST, None, at("2026-04-05T10:01:00Z")).await.unwrap();
}

#[tokio::test]
async fn a_record_that_is_gone_leaves_no_row_about_anybody() {
    let local = LocalTable::new();
    let table = local.table();
    let request = filed(&table).await;
    let about = |rows: &[habeas_local_table::Item]| {
        rows.iter().filter(|row| row["pk"]["S"].as_str().unwrap().contains("#ABOUT#")).count()
    };
    assert_eq!(about(&local.rows()), 1);
    table.forget_subjects(&request.account, request.id, &request.subjects).await.unwrap();
    assert_eq!(about(&local.rows()), 0);
}

#[tokio::test]
async fn what_ends_gets_its_time_to_live() {
    let local = LocalTable::new();
    let table = local.table();
    let request = filed(&table).await;
    let end = at("2026-01-05T10:01:00Z");
    let revoked = request.clone().revoke(&request.requestor.email, end).unwrap();
    table.revoke(&revoked).await.unwrap();
    let rows = local.rows();
    let row = rows.iter().find(|row| row["sk"]["S"] == "REQUEST").unwrap();
    let ttl = (end + TimeDelta::days(RECORD_DAYS)).timestamp().to_string();
    assert_eq!(row["ttl"]["N"], serde_json::json!(ttl));
    assert!(row.contains_key("queue"), "the mail about its end is still to be sent");
    table.close(&request).await.unwrap();
    assert!(local.rows().iter().all(|row| !row.contains_key("queue")));
}
