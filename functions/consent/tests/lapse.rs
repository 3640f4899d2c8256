//! New terms end consents to earlier ones, and nobody's mail is forgotten.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use chrono::{DateTime, Utc};
use consent::{Consents, Done, Input, Language};
use habeas_aws::{Aws, Mailer};
use habeas_domain::{
    Actor, Consent, ContentClass, Entry, LedgerCheck, Offer, Role, Settings, SettingsPatch, Terms,
    TermsVersion,
};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, member, offer, terms};

const THEN: &str = "2026-01-05T10:00:00Z";
const NOW: &str = "2026-02-05T10:00:00Z";
const TICK: &str = include_str!("../../../events/consent/tick.json");

/// Ana, the owner of amber, has consented to training on chat.
async fn consented() -> LocalTable {
    let local = LocalTable::new();
    let table = local.table();
    table.upsert_account(&account("amber"), at(THEN)).await.unwrap();
    table.upsert_member(&member("amber", "ana@amber.example", Role::Owner), at(THEN)).await.unwrap();
    let patch = br#"{"settings": {"ai_training": {"value": {"chat": true}, "terms_version": "2026-11"}}}"#;
    let standing = table.standing(&address("ana@amber.example")).await.unwrap().unwrap();
    let revision = standing.change_account(&SettingsPatch::parse(patch).unwrap(), &offer(), at(THEN));
    table.revise(&revision.unwrap().unwrap()).await.unwrap();
    table.told(&entries(&local).await[0]).await.unwrap();
    local
}

async fn entries(local: &LocalTable) -> Vec<Entry> {
    let mut check = LedgerCheck::new(account("amber").id);
    let stored = local.table().entries_from(&account("amber").id, 1).await.unwrap();
    stored.iter().map(|(number, sealed)| check.take(*number, sealed).unwrap()).collect()
}

/// The schedule's run under some terms, while no mail gets out.
async fn run(local: &LocalTable, terms: Terms) -> Done {
    run_at(local, terms, || at(NOW)).await
}

async fn run_at(local: &LocalTable, terms: Terms, clock: fn() -> DateTime<Utc>) -> Done {
    let nowhere = Some("http://127.0.0.1:1".to_owned());
    let aws = Aws::new(Credentials::new("test", "test", None, None, "test"), "us-east-1".into(), nowhere);
    let consents = Consents {
        table: local.table(),
        mailer: Mailer::new(&aws, "privacy@habeas.example".into(), "mail".into()),
        language: Language::English,
        settings_url: "https://privacy.habeas.example/settings".into(),
        terms,
        clock,
    };
    let tick: Input = serde_json::from_str(TICK).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    consents.run(&tick, deadline).await.unwrap()
}

fn version(text: &str) -> Terms {
    Terms { version: TermsVersion::parse(text).unwrap(), ..terms() }
}

#[tokio::test]
async fn the_present_terms_end_nothing() {
    let local = consented().await;
    assert_eq!(run(&local, terms()).await, Done::default());
    assert_eq!(entries(&local).await.len(), 1);
}

#[tokio::test]
async fn other_terms_end_a_consent_once_whichever_sorts_first() {
    for other in ["2027-01", "2026-01"] {
        let local = consented().await;
        assert_eq!(run(&local, version(other)).await.lapsed, 1, "{other}");
        assert_eq!(run(&local, version(other)).await.lapsed, 0, "{other}");
        let entries = entries(&local).await;
        assert_eq!((entries.len(), entries[1].role, &entries[1].by), (2, Actor::Operator, &None));
        let settings = local.table().household(&account("amber").id).await.unwrap().unwrap().settings;
        let chat = ContentClass::parse("chat").unwrap();
        assert!(matches!(settings.consent(&chat, &terms()), Consent::Lapsed(_)), "{other}");
    }
}

#[tokio::test]
async fn a_lapse_that_nobody_could_be_told_of_waits_for_the_next_run() {
    let local = consented().await;
    assert_eq!(run(&local, version("2027-01")).await.told, 0);
    let untold = local.table().untold(at("2026-02-05T10:01:00Z"), None).await.unwrap();
    assert_eq!(untold.rows.len(), 1);
    assert_eq!(untold.rows[0].entry().unwrap(), entries(&local).await[1]);
}

#[tokio::test]
async fn a_consent_that_is_renewed_in_part_lapses_in_the_rest() {
    // The version of the new terms sorts before that of the old ones.
    let newer = version("10");
    let local = consented().await;
    let table = local.table();
    let patch = |version: &str, class: &str| {
        let patch = format!(
            r#"{{"settings": {{"ai_training": {{"value": {{"{class}": true}}, "terms_version": "{version}"}}}}}}"#
        );
        SettingsPatch::parse(patch.as_bytes()).unwrap()
    };
    for (terms, version, class) in [(terms(), "2026-11", "audio"), (newer.clone(), "10", "chat")] {
        let standing = table.standing(&address("ana@amber.example")).await.unwrap().unwrap();
        let offer = Offer { terms, eea: false };
        let revision = standing.change_account(&patch(version, class), &offer, at(THEN)).unwrap().unwrap();
        table.revise(&revision).await.unwrap();
    }
    assert_eq!(run(&local, newer.clone()).await.lapsed, 1);
    let settings = table.household(&account("amber").id).await.unwrap().unwrap().settings;
    let class = |name| ContentClass::parse(name).unwrap();
    assert!(matches!(settings.consent(&class("chat"), &newer), Consent::Given(_)));
    assert!(matches!(settings.consent(&class("audio"), &terms()), Consent::Lapsed(_)));
}

#[tokio::test]
async fn settings_that_cannot_be_read_stop_nobody_elses_lapse() {
    let local = consented().await;
    let (table, client) = (local.table(), local.client());
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.into());
    let put =
        client.put_item().table_name(local.name()).item("pk", text("ACCT#aaa")).item("sk", text("SETTINGS"));
    let put = put.item("queue", text("CONSENTS")).item("queue_at", text("aaa"));
    put.item("account_id", text("aaa")).item("chosen", text("nonsense")).send().await.unwrap();
    let done = run(&local, version("2027-01")).await;
    assert_eq!((done.lapsed, done.left), (1, 1));
    assert_eq!(table.entries_from(&account("amber").id, 1).await.unwrap().len(), 2);
}

#[tokio::test]
async fn mails_that_nobody_gets_are_given_up_after_a_day() {
    let local = consented().await;
    assert_eq!(run(&local, version("2027-01")).await.told, 0);
    let waiting = async || local.table().untold(at("2027-01-01T00:00:00Z"), None).await.unwrap().rows.len();
    run_at(&local, version("2027-01"), || at("2026-02-06T09:59:59Z")).await;
    assert_eq!(waiting().await, 1);
    run_at(&local, version("2027-01"), || at("2026-02-06T10:00:00Z")).await;
    assert_eq!(waiting().await, 0);
}
