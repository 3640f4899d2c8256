#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::sync::Mutex;

use aws_lambda_events::http::header::ETAG;
use habeas_domain::{Account, Entry, Member, Offer, Plan, Role, Settings, StoreError, TermsVersion};
use habeas_lambda::{Reply, TellOfConsent};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, call, events, member, offer, reply, terms};
use serde_json::{Value, json};
use settings::SettingsApi;

const NOW: &str = "2026-01-05T10:00:00Z";
const ME: &str = include_str!("../../../events/settings/me.json");
const ACCOUNT: &str = include_str!("../../../events/settings/account.json");
const OWN: &str = include_str!("../../../events/settings/own.json");
const CHANGE: &str = include_str!("../../../events/settings/change.json");
const CONSENT: &str = include_str!("../../../events/settings/consent.json");
const OPT_OUT: &str = include_str!("../../../events/settings/opt-out.json");

/// Remembers what it was asked to tell.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<u64>>);

impl TellOfConsent for Told {
    async fn entry(&self, entry: &Entry) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(entry.number);
        Ok(())
    }
}

/// Ana, an admin, and Bob, a member of amber.
async fn people(local: &LocalTable) {
    let table = local.table();
    table.upsert_account(&account("amber"), at(NOW)).await.unwrap();
    for (email, role) in [("ana@amber.example", Role::Admin), ("bob@amber.example", Role::Member)] {
        table.upsert_member(&member("amber", email, role), at(NOW)).await.unwrap();
    }
}

async fn amber() -> LocalTable {
    let local = LocalTable::new();
    people(&local).await;
    local
}

async fn answer(local: &LocalTable, event: &str) -> Reply {
    let api = SettingsApi { settings: local.table(), consent: Told::default(), offer: offer() };
    reply(api.answer(&call(event), at(NOW)).await)
}

fn etag(reply: &Reply) -> &str {
    reply.header(&ETAG).unwrap()
}

fn kind(reply: &Reply) -> &str {
    reply.body()["type"].as_str().unwrap().trim_start_matches("urn:habeas:problem:")
}

/// An event with another body, and the version that it is about.
fn patch(event: &str, settings: &Value, version: u64) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["body"] = json!(json!({ "settings": settings }).to_string());
    event["headers"]["if-match"] = json!(format!("\"{version}\""));
    event.to_string()
}

async fn entries(local: &LocalTable) -> Vec<Entry> {
    let sealed = local.table().entries(&account("amber").id, None, 100).await.unwrap();
    sealed.iter().map(|(_, sealed)| sealed.entry().unwrap()).collect()
}

#[tokio::test]
async fn every_event_is_answered_or_refused_as_its_name_says() {
    for event in events("settings") {
        let local = amber().await;
        let before = local.rows();
        let status = answer(&local, &event.text).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
        if event.is_rejected() {
            assert_eq!(local.rows(), before, "{} has left something", event.case);
        }
    }
}

#[tokio::test]
async fn an_admin_sees_what_can_be_changed_and_why_the_rest_cannot() {
    let shown = answer(&amber().await, ACCOUNT).await;
    assert_eq!(etag(&shown), "\"0\"");
    let settings = &shown.body()["settings"];
    assert_eq!(settings["optional_diagnostic_data"], json!({"value": false, "changeable": true}));
    assert_eq!(settings["required_diagnostic_data"]["value"], true);
    assert_eq!(settings["required_diagnostic_data"]["changeable"], false);
    assert!(settings["required_diagnostic_data"]["reason"].as_str().unwrap().contains("always on"));
    assert_eq!(settings["ai_training"]["value"]["chat"], false);
    assert_eq!(settings["ai_training"]["terms_version"], "2026-11");
}

#[tokio::test]
async fn a_setting_that_the_plan_has_not_is_absent_and_unknown_to_the_patch() {
    let local = amber().await;
    let free = Account { plan: Plan::Free, ..account("amber") };
    local.table().upsert_account(&free, at("2026-01-06T10:00:00Z")).await.unwrap();
    assert_eq!(answer(&local, ACCOUNT).await.body()["settings"].get("self_service_requests"), None);
    let refused = answer(&local, &patch(CHANGE, &json!({"self_service_requests": {"value": true}}), 0)).await;
    let made_up = answer(&local, &patch(CHANGE, &json!({"self_service_wishes": {"value": true}}), 0)).await;
    assert_eq!((refused.status(), kind(&refused)), (422, "invalid"));
    assert_eq!(refused.body()["errors"][0]["detail"], made_up.body()["errors"][0]["detail"]);
}

#[tokio::test]
async fn a_change_has_its_entry_and_the_next_version() {
    let local = amber().await;
    let changed = answer(&local, CHANGE).await;
    assert_eq!((changed.status(), etag(&changed)), (200, "\"1\""));
    assert_eq!(changed.body()["settings"]["optional_diagnostic_data"]["value"], true);
    assert_eq!(answer(&local, ACCOUNT).await.body(), changed.body());
    let entries = entries(&local).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].by, Some(address("ana@amber.example")));
    assert_eq!(entries[0].reason.as_deref(), Some("Agreed with the works council"));
}

#[tokio::test]
async fn what_is_so_already_is_no_change() {
    let local = amber().await;
    answer(&local, CHANGE).await;
    let again =
        answer(&local, &patch(CHANGE, &json!({"optional_diagnostic_data": {"value": true}}), 1)).await;
    assert_eq!((again.status(), etag(&again), again.text().as_str()), (204, "\"1\"", ""));
    assert_eq!(entries(&local).await.len(), 1);
}

#[tokio::test]
async fn who_has_not_seen_the_last_change_is_shown_it() {
    let local = amber().await;
    answer(&local, CHANGE).await;
    let stale = answer(&local, CHANGE).await;
    assert_eq!((stale.status(), kind(&stale), etag(&stale)), (412, "stale", "\"1\""));
    assert_eq!(stale.body()["present"]["version"], 1);
    assert_eq!(stale.body()["present"]["settings"]["optional_diagnostic_data"]["value"], true);
}

#[tokio::test]
async fn a_version_is_named_or_nothing_is_changed() {
    for (tag, status) in
        [("\"0\"", 200), ("\"9\", \"0\"", 200), ("W/\"0\"", 412), ("*", 428), ("", 428), ("0", 412)]
    {
        let mut event: Value = serde_json::from_str(CHANGE).unwrap();
        event["headers"]["if-match"] = json!(tag);
        assert_eq!(answer(&amber().await, &event.to_string()).await.status(), status, "{tag}");
    }
}

#[tokio::test]
async fn a_consent_is_told_and_an_ordinary_change_is_not() {
    let local = amber().await;
    let api = SettingsApi { settings: local.table(), consent: Told::default(), offer: offer() };
    for event in [
        CHANGE,
        &patch(CONSENT, &json!({"ai_training": {"value": {"chat": true}, "terms_version": "2026-11"}}), 1),
    ] {
        assert_eq!(reply(api.answer(&call(event), at(NOW)).await).status(), 200);
    }
    assert_eq!(*api.consent.0.lock().unwrap(), [2]);
    let entry = &entries(&local).await[0];
    assert_eq!(entry.terms, Some(terms().agreed()));
}

#[tokio::test]
async fn a_consent_to_older_terms_shows_as_lapsed_and_can_be_given_again() {
    let local = amber().await;
    answer(&local, CONSENT).await;
    let newer = habeas_domain::Terms { version: TermsVersion::parse("2027-01").unwrap(), ..terms() };
    let api = SettingsApi {
        settings: local.table(),
        consent: Told::default(),
        offer: Offer { terms: newer, eea: true },
    };
    let shown = reply(api.answer(&call(ACCOUNT), at(NOW)).await);
    assert_eq!(shown.body()["settings"]["ai_training"]["value"]["chat"], false);
    assert_eq!(shown.body()["settings"]["ai_training"]["lapsed"], json!(["chat"]));
    let again =
        patch(CONSENT, &json!({"ai_training": {"value": {"chat": true}, "terms_version": "2027-01"}}), 1);
    let renewed = reply(api.answer(&call(&again), at(NOW)).await);
    assert_eq!(renewed.body()["settings"]["ai_training"]["value"]["chat"], true);
    assert_eq!(renewed.body()["settings"]["ai_training"]["lapsed"], json!([]));
}

#[tokio::test]
async fn what_the_account_has_off_a_member_does_not_see_and_their_choice_is_kept() {
    let local = amber().await;
    let shown = answer(&local, OWN).await;
    assert_eq!(
        shown.body()["settings"],
        json!({"ai_training_opt_out": {"value": false, "changeable": true}})
    );
    let reason = shown.body()["unavailable"]["optional_diagnostic_data"]["reason"].as_str().unwrap();
    assert!(reason.contains("Contact your account administrator"), "{reason}");
    let switch = |on: bool| json!({"personalized_user_experiences": {"value": on}});
    answer(&local, &patch(CHANGE, &switch(true), 0)).await;
    let chosen =
        answer(&local, &patch(OPT_OUT, &json!({"personalized_experiences": {"value": true}}), 0)).await;
    assert_eq!(chosen.status(), 200, "{}", chosen.text());
    answer(&local, &patch(CHANGE, &switch(false), 1)).await;
    assert_eq!(answer(&local, OWN).await.body()["settings"].get("personalized_experiences"), None);
    answer(&local, &patch(CHANGE, &switch(true), 2)).await;
    assert_eq!(answer(&local, OWN).await.body()["settings"]["personalized_experiences"]["value"], true);
}

#[tokio::test]
async fn somebody_removed_changes_nothing() {
    let local = amber().await;
    let email = address("bob@amber.example");
    local.table().remove_member(&email, at("2026-01-06T10:00:00Z")).await.unwrap();
    let refused = answer(&local, OPT_OUT).await;
    assert_eq!((refused.status(), kind(&refused)), (403, "unknown-member"));
    assert!(entries(&local).await.is_empty());
}

#[tokio::test]
async fn who_loses_the_role_while_changing_changes_nothing() {
    let local = amber().await;
    let table = local.table();
    let ana = address("ana@amber.example");
    let standing = table.standing(&ana).await.unwrap().unwrap();
    let patch = habeas_domain::SettingsPatch::parse(
        br#"{"settings": {"optional_diagnostic_data": {"value": true}}}"#,
    );
    let revision = standing.change_account(&patch.unwrap(), &offer(), at(NOW)).unwrap().unwrap();
    let demoted = member("amber", "ana@amber.example", Role::Member);
    let moved = Member { account: account("birch").id, ..member("amber", "ana@amber.example", Role::Admin) };
    let downgraded = Account { plan: Plan::Free, ..account("amber") };
    let admin = member("amber", "ana@amber.example", Role::Admin);
    for (day, member) in [("06", Some(&demoted)), ("07", Some(&moved)), ("08", None)] {
        let day = at(&format!("2026-01-{day}T10:00:00Z"));
        match member {
            Some(member) => assert!(table.upsert_member(member, day).await.unwrap()),
            None => {
                assert!(table.upsert_member(&admin, day).await.unwrap());
                assert!(table.upsert_account(&downgraded, day).await.unwrap());
            }
        }
        assert!(matches!(table.revise(&revision).await, Err(StoreError::Conflict)));
    }
    assert!(entries(&local).await.is_empty());
}

#[tokio::test]
async fn everybody_is_told_who_they_are_and_what_they_may_do() {
    let local = amber().await;
    let shown = answer(&local, ME).await;
    assert_eq!(shown.body()["role"], "admin");
    assert_eq!(shown.body()["account"]["id"], "amber");
    assert!(shown.body()["may"].as_array().unwrap().contains(&json!("delete_data")));
    let own = ME.replace("ana@amber.example", "bob@amber.example");
    assert_eq!(answer(&local, &own).await.body()["may"], json!(["change_own_settings"]));
}

#[tokio::test]
async fn what_the_account_turns_off_meanwhile_nobody_turns_on() {
    let local = amber().await;
    answer(&local, CHANGE).await;
    let table = local.table();
    let bob = address("bob@amber.example");
    let mut torn = table.standing(&bob).await.unwrap().unwrap();
    answer(&local, &patch(CHANGE, &json!({"optional_diagnostic_data": {"value": false}}), 1)).await;
    // Two rows read at once are no snapshot: the gate from before, the head from after.
    torn.head = table.standing(&bob).await.unwrap().unwrap().head;
    let wish = habeas_domain::SettingsPatch::parse(
        br#"{"settings": {"optional_diagnostic_data": {"value": true}}}"#,
    );
    let revision = torn.change_own(&wish.unwrap(), &terms(), at(NOW)).unwrap().unwrap();
    assert!(matches!(table.revise(&revision).await, Err(StoreError::Conflict)));
    assert_eq!(entries(&local).await.len(), 2);
}
