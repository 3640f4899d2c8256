//! Where a request's data are kept is decided once, by the settings of one moment.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use habeas_aws::Table;
use habeas_domain::{Account, Country, Request, Residency, Revision, Role, Settings, SettingsPatch};
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::{account, address, at, member, offer, request};
use serde_json::json;

const NOW: &str = "2026-01-05T10:00:00Z";
const OWNER: &str = "ana@amber.example";

/// By so much, times up to 64, either side of a race begins later.
const HEAD_START: Duration = Duration::from_micros(100);

/// An account in the EEA, and a request that begins.
async fn amber(local: &LocalTable) -> Request {
    let table = local.table();
    let amber = Account { country: Country::parse("DE").unwrap(), ..account("amber") };
    table.upsert_account(&amber, at(NOW)).await.unwrap();
    table.upsert_member(&member("amber", OWNER, Role::Owner), at(NOW)).await.unwrap();
    let row = habeas_aws::typed(&json!(request()))["M"].clone();
    let mut row = row.as_object().unwrap().clone();
    row.insert("pk".into(), json!({"S": format!("REQ#{}", request().id)}));
    row.insert("sk".into(), json!({"S": "REQUEST"}));
    local.run("PutItem", json!({"TableName": local.name(), "Item": row})).unwrap();
    request()
}

/// The change by which the owner has the data kept elsewhere.
async fn revision(table: &Table, place: Residency) -> Revision {
    let standing = table.standing(&address(OWNER)).await.unwrap().unwrap();
    let patch = json!({"settings": {"data_residency": {"value": place}}}).to_string();
    let patch = SettingsPatch::parse(patch.as_bytes()).unwrap();
    standing.change_account(&patch, &offer(), at(NOW)).unwrap().unwrap()
}

async fn choose(table: &Table, place: Residency) {
    table.revise(&revision(table, place).await).await.unwrap();
}

fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
}

async fn stored(table: &Table) -> Option<Residency> {
    table.request(request().id).await.unwrap().unwrap().residency
}

#[tokio::test]
async fn what_was_decided_once_stays_whatever_is_chosen_later() {
    for (first, later) in [(Residency::Us, Residency::Eea), (Residency::Eea, Residency::Us)] {
        let local = LocalTable::new();
        let (request, table) = (amber(&local).await, local.table());
        if first == Residency::Eea {
            choose(&table, first).await;
        }
        assert_eq!(table.decide_residency(&request, true).await.unwrap(), first);
        choose(&table, later).await;
        // A retry of the task may have read the request before it was written.
        assert_eq!(table.decide_residency(&request, true).await.unwrap(), first);
        assert_eq!(stored(&table).await, Some(first));
    }
}

#[tokio::test]
async fn a_lost_answer_changes_nothing() {
    let local = LocalTable::new();
    let (request, table) = (amber(&local).await, local.table());
    for fault in [Fault::BeforeIt, Fault::AfterIt] {
        local.fail_next(fault);
        assert_eq!(table.decide_residency(&request, true).await.unwrap(), Residency::Us);
    }
}

#[tokio::test]
async fn where_there_is_no_choice_nothing_is_written_and_an_earlier_choice_holds() {
    let local = LocalTable::new();
    let (request, table) = (amber(&local).await, local.table());
    assert_eq!(table.decide_residency(&request, false).await.unwrap(), Residency::Us);
    // The operator has taken the buckets away: what was chosen is not forgotten.
    choose(&table, Residency::Eea).await;
    assert_eq!(table.decide_residency(&request, false).await.unwrap(), Residency::Eea);
    assert_eq!(stored(&table).await, None);
}

#[test]
fn a_change_is_either_heeded_or_finds_where_the_request_is() {
    let (mut before, mut after) = (0, 0);
    for round in 0..200 {
        let local = LocalTable::new();
        let revision = block_on(async {
            amber(&local).await;
            revision(&local.table(), Residency::Eea).await
        });
        let (planning, choosing, start) = (local.table(), local.table(), Arc::new(Barrier::new(2)));
        let plan = thread::spawn({
            let start = Arc::clone(&start);
            move || {
                start.wait();
                thread::sleep(HEAD_START * (round * 37 % 64));
                block_on(planning.decide_residency(&request(), true)).unwrap()
            }
        });
        start.wait();
        thread::sleep(HEAD_START * (round * 53 % 64));
        // What a move would find that begins right after the change.
        let found = block_on(async {
            choosing.revise(&revision).await.unwrap();
            stored(&choosing).await
        });
        let kept = plan.join().unwrap();
        assert_eq!(block_on(stored(&local.table())), Some(kept));
        match kept {
            Residency::Us => {
                assert_eq!(found, Some(Residency::Us), "the move has not seen it");
                before += 1;
            }
            Residency::Eea => after += 1,
        }
    }
    assert!(before > 0 && after > 0, "no race: {before} before, {after} after");
}
