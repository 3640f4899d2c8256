//! Many change the settings of one account at once.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::sync::Arc;
use std::thread;

use habeas_aws::Table;
use habeas_domain::{Entry, LedgerCheck, Role, Settings, SettingsPatch, StoreError};
use habeas_lambda::TellOfConsent;
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::{account, address, at, call, member, offer, reply};
use serde_json::{Value, json};
use settings::SettingsApi;

const NOW: &str = "2026-01-05T10:00:00Z";
const CHANGE: &str = include_str!("../../../events/settings/change.json");
const OPT_OUT: &str = include_str!("../../../events/settings/opt-out.json");
const CLIENTS: usize = 20;
const PATCHES_EACH: usize = 10;

struct Nobody;

impl TellOfConsent for Nobody {
    async fn entry(&self, _: &Entry) -> Result<(), StoreError> {
        Ok(())
    }
}

type Api = SettingsApi<Table, Nobody>;

fn switch(event: &str, setting: &str, on: bool, version: u64) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["body"] = json!(json!({"settings": {setting: {"value": on}}}).to_string());
    event["headers"]["if-match"] = json!(format!("\"{version}\""));
    event.to_string()
}

/// An admin flips a setting again and again, as of the version that the last
/// answer has shown. Counts how often it was really they who did it.
async fn flip(api: &Api, patches: usize) -> u64 {
    let (mut version, mut on, mut done) = (0, false, 0);
    for _ in 0..patches {
        let answer = reply(
            api.answer(&call(&switch(CHANGE, "optional_diagnostic_data", !on, version)), at(NOW)).await,
        );
        let present = match answer.status() {
            200 => {
                done += 1;
                answer.body().clone()
            }
            412 => answer.body()["present"].clone(),
            503 => continue,
            other => panic!("{other}: {}", answer.text()),
        };
        version = present["version"].as_u64().unwrap();
        on = present["settings"]["optional_diagnostic_data"]["value"].as_bool().unwrap();
    }
    done
}

async fn with_people(local: &LocalTable, members: usize) {
    let table = local.table();
    table.upsert_account(&account("amber"), at(NOW)).await.unwrap();
    table.upsert_member(&member("amber", "ana@amber.example", Role::Admin), at(NOW)).await.unwrap();
    for number in 0..members {
        let email = format!("m{number}@amber.example");
        table.upsert_member(&member("amber", &email, Role::Member), at(NOW)).await.unwrap();
    }
}

/// The entries of a ledger that is as it was written.
async fn verified(local: &LocalTable) -> Vec<Entry> {
    let (table, amber) = (local.table(), account("amber").id);
    let mut check = LedgerCheck::new(amber.clone());
    let mut entries = Vec::new();
    loop {
        let page = table.entries_from(&amber, entries.len() as u64 + 1).await.unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page.iter().map(|(number, sealed)| check.take(*number, sealed).unwrap()));
    }
    check.finish(&table.ledger_head(&amber).await.unwrap().unwrap_or_default()).unwrap();
    entries
}

fn on_a_thread_each<T: Send + 'static>(
    clients: usize,
    local: &LocalTable,
    run: impl Fn(usize, Arc<Api>) -> T + Send + Sync + Clone + 'static,
) -> Vec<T> {
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let api = Arc::new(SettingsApi { settings: local.table(), consent: Nobody, offer: offer() });
            let run = run.clone();
            thread::spawn(move || run(client, api))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run)
}

#[test]
fn two_hundred_patches_at_once_make_as_many_entries_as_answers() {
    let local = LocalTable::new();
    block_on(with_people(&local, 0));
    let done = on_a_thread_each(CLIENTS, &local, |_, api| block_on(flip(&api, PATCHES_EACH)));
    let entries = block_on(verified(&local));
    assert_eq!(entries.len() as u64, done.iter().sum::<u64>());
    assert!(done.iter().filter(|done| **done > 0).count() > 1, "nobody raced: {done:?}");
    // The settings went to and fro: each entry begins where the one before has ended.
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.changes[0].from, index % 2 == 1);
    }
}

#[test]
fn members_of_one_account_do_not_stand_in_each_others_way() {
    let local = LocalTable::new();
    block_on(with_people(&local, CLIENTS));
    let statuses = on_a_thread_each(CLIENTS, &local, |client, api| {
        let event = switch(OPT_OUT, "ai_training_opt_out", true, 0);
        let event = event.replace("bob@amber.example", &format!("m{client}@amber.example"));
        block_on(async { reply(api.answer(&call(&event), at(NOW)).await).status() })
    });
    let done = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(block_on(verified(&local)).len(), done);
    assert!(done > CLIENTS / 2, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
}

#[test]
fn a_lost_answer_makes_no_second_entry() {
    for fault in [Fault::BeforeIt, Fault::AfterIt] {
        let local = LocalTable::new();
        block_on(async {
            with_people(&local, 0).await;
            let table = local.table();
            let standing = table.standing(&address("ana@amber.example")).await.unwrap().unwrap();
            let patch = br#"{"settings": {"optional_diagnostic_data": {"value": true}}}"#;
            let patch = SettingsPatch::parse(patch).unwrap();
            let revision = standing.change_account(&patch, &offer(), at(NOW)).unwrap().unwrap();
            local.fail_next(fault);
            table.revise(&revision).await.unwrap();
            assert_eq!(verified(&local).await.len(), 1, "{fault:?}");
        });
    }
}
