use std::collections::BTreeSet;
use std::time::Instant;

use habeas_local::{Api, Mail};
use serde_json::{Value, json};

use crate::house::{entries, house, settings};
use crate::world::{PATIENCE, PAUSE, World, journey, learn, problem};

const TERMS: &str = "2026-11";

fn names(shown: &Value) -> BTreeSet<&str> {
    shown["settings"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn decide(api: &Api, questions: &Value) -> Vec<Value> {
    let reply = api.post_signed("/v1/decisions", &json!({ "questions": questions })).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let decided: Value = reply.json().unwrap();
    decided["decisions"].as_array().unwrap().clone()
}

#[test]
fn each_role_sees_the_settings_that_are_theirs() {
    journey(async |world| {
        let [owner, admin, mia, _] = house(&world, "linden", "business").await;
        let all = BTreeSet::from([
            "ai_training",
            "optional_diagnostic_data",
            "personalized_account_experiences",
            "personalized_user_experiences",
            "required_diagnostic_data",
            "self_service_requests",
        ]);
        assert_eq!(names(&settings(&admin, "account")), all);
        let of_owner = &all | &BTreeSet::from(["data_residency"]);
        assert_eq!(names(&settings(&owner, "account")), of_owner);
        let refused = problem(&mia.get("/v1/settings/account").unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "settings-need-administrator"));
        let refused = problem(&mia.get("/v1/settings/ledger").unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "ledger-needs-administrator"));
        let own = settings(&mia, "me");
        assert_eq!(names(&own), BTreeSet::from(["ai_training_opt_out"]));
        assert!(own["unavailable"]["personalized_experiences"]["reason"].is_string());
        let me: Value = mia.get("/v1/me").unwrap().json().unwrap();
        assert_eq!((&me["role"], &me["account"]["id"]), (&json!("member"), &json!("linden")));

        let [owner, ..] = house(&world, "poplar", "free").await;
        assert!(!names(&settings(&owner, "account")).contains("self_service_requests"));
    });
}

#[test]
fn what_is_refused_changes_nothing_and_leaves_no_entry() {
    journey(async |world| {
        let [owner, admin, mia, _] = house(&world, "rowan", "business").await;
        world.change(&owner, "account", &json!({"optional_diagnostic_data": {"value": true}}));
        let before = world.traces().await;
        let value = |name: &str, value: Value| json!({"settings": {name: {"value": value}}});
        let (account, me) = ("/v1/settings/account", "/v1/settings/me");
        for (api, path, version, body, status, kind) in [
            (&owner, account, 0, value("optional_diagnostic_data", json!(false)), 412, "stale"),
            (&owner, account, 1, value("optional_diagnostic_data", json!("off")), 422, "invalid"),
            (&owner, account, 1, value("dark_mode", json!(true)), 422, "invalid"),
            (&owner, account, 1, value("data_residency", json!("ch")), 422, "invalid"),
            (&admin, account, 1, value("data_residency", json!("eea")), 422, "invalid"),
            (
                &owner,
                account,
                1,
                value("required_diagnostic_data", json!(false)),
                403,
                "required-diagnostic-data",
            ),
            (&owner, account, 1, value("ai_training", json!({"chat": true})), 422, "invalid"),
            (&owner, account, 1, json!({"value": true}), 400, "malformed"),
            (
                &mia,
                account,
                1,
                value("optional_diagnostic_data", json!(false)),
                403,
                "settings-need-administrator",
            ),
            (&mia, me, 0, value("personalized_experiences", json!(true)), 403, "off-for-account"),
            (&mia, me, 0, value("ai_training", json!({"chat": true})), 422, "invalid"),
        ] {
            let found = problem(&api.patch(path, version, &body).unwrap());
            assert_eq!((found.0, found.1.as_str()), (status, kind), "{body}");
        }
        let unversioned =
            mia.send("PATCH", me, &[("content-type", "application/json")], b"{\"settings\": {}}");
        assert_eq!(problem(&unversioned.unwrap()).0, 428);
        learn(&world.stack, "member.removed", "2026-01-02T00:00:00Z", &json!({"email": "mia@rowan.example"}))
            .await;
        let removed = problem(&mia.patch(me, 0, &value("ai_training_opt_out", json!(true))).unwrap());
        assert_eq!((removed.0, removed.1.as_str()), (403, "unknown-member"));
        assert_eq!(world.traces().await, before);
        assert_eq!(entries(&owner).len(), 1);
    });
}

#[test]
fn an_opt_out_denies_what_the_account_has_consented_to() {
    journey(async |world| {
        let [owner, admin, mia, _] = house(&world, "hazel", "business").await;
        let question = |people: &[&str]| json!([{"purpose": "ai_training", "account": "hazel", "content": "chat", "people": people}]);
        let both = ["mia@hazel.example", "max@hazel.example"];
        assert_eq!(decide(&owner, &question(&both))[0]["rule"], "consent_never_given");
        let consent = json!({"ai_training": {"value": {"chat": true}, "terms_version": TERMS}});
        world.change(&owner, "account", &consent);
        let allowed = &decide(&owner, &question(&both))[0];
        assert_eq!((&allowed["decision"], &allowed["basis"]["entry"]), (&json!("allow"), &json!(1)));
        world.change(&mia, "me", &json!({"ai_training_opt_out": {"value": true}}));
        let denied = &decide(&owner, &question(&both))[0];
        assert_eq!((&denied["decision"], &denied["rule"]), (&json!("deny"), &json!("person_opted_out")));
        assert_eq!(denied["basis"], json!({"account": "hazel", "entry": 2}));
        assert_eq!(decide(&owner, &question(&both[1..]))[0]["decision"], "allow");
        world.change(&admin, "account", &json!({"ai_training": {"value": null}}));
        assert_eq!(decide(&owner, &question(&both[1..]))[0]["rule"], "consent_withdrawn");

        let ledger = entries(&admin);
        let who: Vec<_> = ledger.iter().map(|entry| entry["by"].as_str().unwrap()).collect();
        assert_eq!(who, ["admin@hazel.example", "mia@hazel.example", "owner@hazel.example"]);
        assert_eq!(ledger[2]["terms"]["version"], TERMS);
        for to in ["owner@hazel.example", "admin@hazel.example"] {
            assert_eq!(consent_mails(&world, to).await, ["given", "withdrawn"], "{to}");
        }
        assert!(consent_mails_now(&world, "mia@hazel.example").is_empty());
    });
}

/// What the mails about consents to somebody say, once two have come.
async fn consent_mails(world: &World, to: &str) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mails = consent_mails_now(world, to);
        if mails.len() >= 2 || Instant::now() >= deadline {
            return mails;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn consent_mails_now(world: &World, to: &str) -> Vec<String> {
    let about =
        |mail: &Mail| mail.to.iter().any(|address| address == to) && mail.subject.starts_with("Consent");
    let mails = world.stack.mails().unwrap().into_iter().filter(about);
    let mut said: Vec<_> =
        mails.map(|mail| mail.subject.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    said.sort();
    said
}

#[test]
fn decisions_are_for_services_and_not_for_people() {
    journey(async |world| {
        let [owner, ..] = house(&world, "alder", "business").await;
        let question = json!({"questions": [{"purpose": "diagnostics", "account": "alder", "people": ["mia@alder.example"]}]});
        let refused = problem(&owner.post("/v1/decisions", &question).unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "services-only"));
        let nobody = world.stack.api(None).post("/v1/decisions", &question).unwrap();
        assert_eq!(nobody.status, 403);
        let hundred: Vec<_> = (0..100).map(|_| question["questions"][0].clone()).collect();
        assert_eq!(decide(&owner, &json!(hundred)).len(), 100);
        let more: Vec<_> = (0..101).map(|_| question["questions"][0].clone()).collect();
        let refused = owner.post_signed("/v1/decisions", &json!({ "questions": more })).unwrap();
        assert_eq!(problem(&refused).0, 422);
    });
}
