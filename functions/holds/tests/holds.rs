#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use habeas_domain::{HeldNote, HoldId, HoldOn, Kind, Request, RequestId, Role};
use habeas_lambda::Reply;
use habeas_local_table::LocalTable;
use habeas_sources::DataMap;
use habeas_testkit::{Draft, account, at, call, events, member, reply, request};
use holds::Holds;
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: &str = "2026-01-05T10:00:00Z";
const MAP: &str = include_str!("../../../infra/data-map.toml");
const ACCOUNT: &str = include_str!("../../../events/holds/account.json");
const SUBJECT: &str = include_str!("../../../events/holds/subject.json");
const RECORDS: &str = include_str!("../../../events/holds/records.json");
const LIST: &str = include_str!("../../../events/holds/list.json");
const RELEASED: &str = include_str!("../../../events/holds/released.json");
const ONE: &str = include_str!("../../../events/holds/one.json");
const RELEASE: &str = include_str!("../../../events/holds/release.json");

/// Ana, an admin, and Bob, a member, of amber; Eve, the owner of birch.
async fn people() -> LocalTable {
    let local = LocalTable::new();
    let table = local.table();
    for (of, email, role) in [
        ("amber", "ana@amber.example", Role::Admin),
        ("amber", "bob@amber.example", Role::Member),
        ("birch", "eve@birch.example", Role::Owner),
    ] {
        table.upsert_account(&account(of), at(NOW)).await.unwrap();
        table.upsert_member(&member(of, email, role), at(NOW)).await.unwrap();
    }
    local
}

/// The first id is the one that the events name.
fn id(number: u128) -> HoldId {
    HoldId::new(Uuid::from_u128(0x019b_8d3a_0000_7000_9000_0000_0000_0000 + number))
}

async fn answer_as(local: &LocalTable, event: &str, number: u128) -> Reply {
    let map = DataMap::parse(MAP, "123456789012", "us-east-1").unwrap();
    let holds = Holds { table: local.table(), map };
    reply(holds.answer(&call(event), id(number), at(NOW)).await)
}

async fn answer(local: &LocalTable, event: &str) -> Reply {
    answer_as(local, event, 1).await
}

fn by_eve(event: &str) -> String {
    event.replace("ana@amber.example", "eve@birch.example")
}

/// The event with a body that is changed in one place.
fn with(event: &str, name: &str, value: Value) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    body[name] = value;
    event["body"] = json!(body.to_string());
    event.to_string()
}

/// A deletion of amber's, of which these holds keep something.
async fn held(local: &LocalTable, number: u64, holds: &[HoldId]) -> RequestId {
    let deletion = deletion(local, number);
    let note = HeldNote {
        account: deletion.account.clone(),
        request: deletion.id,
        holds: holds.iter().copied().collect(),
        count: 1,
        chunks: 0,
        follow_up: None,
    };
    local.table().put_held(&note, vec![vec![json!("x")]], at(NOW)).await.unwrap();
    deletion.id
}

fn deletion(local: &LocalTable, number: u64) -> Request {
    let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
    let deletion = Request { id, kind: Kind::Delete, ..request() };
    let mut row = habeas_aws::typed(&json!(deletion))["M"].as_object().unwrap().clone();
    row.insert("pk".into(), json!({"S": format!("REQ#{id}")}));
    row.insert("sk".into(), json!({"S": "REQUEST"}));
    local.run("PutItem", json!({"TableName": local.name(), "Item": row})).unwrap();
    deletion
}

fn kind(reply: &Reply) -> &str {
    reply.body()["type"].as_str().unwrap().trim_start_matches("urn:habeas:problem:")
}

fn pointers(reply: &Reply) -> Vec<&str> {
    reply.body()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("holds") {
        let local = people().await;
        let is_there = event.text.contains("pathParameters");
        if is_there {
            answer(&local, SUBJECT).await;
        }
        let before = local.rows();
        let status = answer(&local, &event.text).await.status();
        assert_eq!(status >= 400, event.is_rejected(), "{} was answered with {status}", event.case);
        if event.is_rejected() {
            assert_eq!(local.rows(), before, "{} has left something", event.case);
        }
    }
}

#[tokio::test]
async fn a_hold_is_placed_and_shown_with_who_placed_it_and_why() {
    let local = people().await;
    let placed = answer(&local, RECORDS).await;
    let location = format!("/v1/holds/{}", id(1));
    assert_eq!(placed, Reply::created(location, placed.body().clone()));
    let hold = json!({
        "id": id(1), "on": "records", "source": "chat_messages", "field": "channel_id", "value": "c-1",
        "reason": "A dispute about the contract of March", "reference": "4 O 12/26",
        "placed_by": {"email": "ana@amber.example", "name": "Ana Amber", "role": "admin"},
        "placed_at": "2026-01-05T10:00:00Z",
    });
    let mut expected = hold.clone();
    expected["too_late_for"] = json!([]);
    assert_eq!(*placed.body(), expected);
    let mut expected = hold;
    expected["holding"] = json!([]);
    assert_eq!(*answer(&local, ONE).await.body(), expected);
    assert_eq!(*answer(&local, LIST).await.body(), json!({ "holds": [expected] }));
}

#[tokio::test]
async fn the_newest_hold_comes_first_with_what_it_keeps() {
    let local = people().await;
    answer_as(&local, ACCOUNT, 1).await;
    answer_as(&local, SUBJECT, 2).await;
    let first = held(&local, 1, &[id(1)]).await;
    let second = held(&local, 2, &[id(1), id(2)]).await;
    let shown = answer(&local, LIST).await;
    let holds = shown.body()["holds"].as_array().unwrap();
    let ids: Vec<_> = holds.iter().map(|hold| hold["id"].clone()).collect();
    assert_eq!(ids, [json!(id(2)), json!(id(1))]);
    assert_eq!(holds[0]["holding"], json!([second]));
    assert_eq!(holds[1]["holding"], json!([second, first]));
}

#[tokio::test]
async fn whoever_places_a_hold_is_told_for_which_deletions_it_comes_too_late() {
    let local = people().await;
    let (erasing, broken_off) = (deletion(&local, 1), RequestId::LAST);
    let table = local.table();
    for request in [erasing.id, broken_off] {
        let seen = table.hold_book(&erasing.account).await.unwrap();
        table.begin_erasing(&erasing.account, request, &seen).await.unwrap();
    }
    let placed = answer(&local, ACCOUNT).await;
    assert_eq!((placed.status(), &placed.body()["too_late_for"]), (201, &json!([erasing.id])));
    table.end_erasing(&erasing.account, erasing.id).await.unwrap();
    assert_eq!(answer_as(&local, ACCOUNT, 2).await.body()["too_late_for"], json!([]));
}

#[tokio::test]
async fn a_release_says_what_follows_and_is_remembered() {
    let local = people().await;
    answer_as(&local, ACCOUNT, 1).await;
    answer_as(&local, SUBJECT, 2).await;
    let first = held(&local, 1, &[id(1)]).await;
    held(&local, 2, &[id(2)]).await;
    let released = answer(&local, RELEASE).await;
    assert_eq!(released.status(), 200);
    assert_eq!(*released.body(), json!({"released": id(1), "follow_ups_of": [first]}));
    let waiting = local.table().released(at("2026-01-06T10:00:00Z")).await.unwrap().rows;
    assert_eq!(waiting.iter().map(|held| held.note.request).collect::<Vec<_>>(), [first]);
    let left = answer(&local, LIST).await;
    assert_eq!(left.body()["holds"].as_array().unwrap().len(), 1);
    let remembered = answer(&local, RELEASED).await;
    let [remembered] = &remembered.body()["holds"].as_array().unwrap()[..] else { panic!("one") };
    assert_eq!((&remembered["id"], &remembered["on"]), (&json!(id(1)), &json!("account")));
    assert_eq!(remembered["released_by"]["email"], "ana@amber.example");
    assert_eq!(remembered["released_at"], NOW);
}

#[tokio::test]
async fn what_is_released_once_is_not_there_the_second_time() {
    let local = people().await;
    answer(&local, SUBJECT).await;
    assert_eq!(answer(&local, RELEASE).await.status(), 200);
    for event in [RELEASE, ONE] {
        let reply = answer(&local, event).await;
        assert_eq!((reply.status(), kind(&reply)), (404, "not-found"));
    }
}

#[tokio::test]
async fn a_hold_of_another_account_is_like_one_that_does_not_exist() {
    let local = people().await;
    answer(&local, SUBJECT).await;
    for event in [ONE, RELEASE] {
        let others = answer(&local, &by_eve(event)).await;
        let unknown = event.replace("9000-000000000001", "9000-00000000ffff");
        assert_eq!(others, answer(&local, &by_eve(&unknown)).await);
        assert_eq!(others.status(), 404);
    }
    assert_eq!(*answer(&local, &by_eve(LIST)).await.body(), json!({"holds": []}));
    assert_eq!(answer(&local, ONE).await.status(), 200);
}

#[tokio::test]
async fn members_neither_place_nor_see_nor_release_holds() {
    let local = people().await;
    answer(&local, SUBJECT).await;
    for event in [ACCOUNT, LIST, RELEASED, ONE, RELEASE] {
        let refused = reply(
            Holds { table: local.table(), map: DataMap::parse(MAP, "123456789012", "us-east-1").unwrap() }
                .answer(&Draft::of(event).by("bob@amber.example").call(), id(2), at(NOW))
                .await,
        );
        assert_eq!((refused.status(), kind(&refused)), (403, "holds-need-administrator"));
    }
    assert_eq!(local.table().hold_book(&account("amber").id).await.unwrap().holds.len(), 1);
}

#[tokio::test]
async fn only_records_that_a_deletion_erases_one_by_one_are_held() {
    let local = people().await;
    // Nowhere, files, a function of the operator's, and what is retained anyway.
    for source in ["faxes", "whiteboard_files", "survey_answers", "users"] {
        let refused = answer(&local, &with(RECORDS, "source", json!(source))).await;
        assert_eq!((refused.status(), pointers(&refused)), (422, vec!["/source"]), "{source}");
        let detail = refused.body()["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("chat_messages") && !detail.contains("whiteboard_files"), "{detail}");
    }
    let by_secret = with(&with(RECORDS, "source", json!("meetings")), "field", json!("passcode"));
    assert_eq!(pointers(&answer(&local, &by_secret).await), ["/field"]);
    let all_wrong = with(&with(RECORDS, "value", json!("")), "field", json!(""));
    let all_wrong = with(&with(&all_wrong, "source", json!("faxes")), "reason", json!(" "));
    assert_eq!(pointers(&answer(&local, &all_wrong).await), ["/source", "/field", "/value", "/reason"]);
}

#[tokio::test]
async fn an_account_has_two_hundred_holds_at_the_most() {
    let local = people().await;
    for number in 1..=200 {
        assert_eq!(answer_as(&local, SUBJECT, number).await.status(), 201);
    }
    let refused = answer_as(&local, SUBJECT, 201).await;
    assert_eq!((refused.status(), kind(&refused)), (409, "too-many-holds"));
    assert_eq!(answer(&local, RELEASE).await.status(), 200);
    assert_eq!(answer_as(&local, SUBJECT, 201).await.status(), 201);
}

#[tokio::test]
async fn records_are_held_by_twenty_fields_at_the_most() {
    let local = people().await;
    let on = |number: u32| with(RECORDS, "field", json!(format!("field_{number}")));
    for number in 1..=20 {
        assert_eq!(answer_as(&local, &on(number), number.into()).await.status(), 201);
    }
    let refused = answer_as(&local, &on(21), 21).await;
    assert_eq!((refused.status(), kind(&refused)), (409, "too-many-holds"));
    assert!(refused.body()["detail"].as_str().unwrap().contains("20 fields"), "{}", refused.body());
    assert_eq!(answer_as(&local, &on(20), 22).await.status(), 201, "one that is held by already");
    assert_eq!(answer_as(&local, SUBJECT, 23).await.status(), 201);
}

#[tokio::test]
async fn an_address_is_held_however_it_is_written() {
    let local = people().await;
    answer(&local, &with(SUBJECT, "subject", json!(" Bob@Amber.Example "))).await;
    let book = local.table().hold_book(&account("amber").id).await.unwrap();
    let bob = habeas_testkit::address("bob@amber.example");
    assert_eq!(book.holds[0].on, HoldOn::Subject { subject: bob.clone() });
    assert_eq!(book.covers_person(&bob), Some(id(1)));
}
