use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use habeas_sample_data::{cast, expected, record_id};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::world::{World, journey, learn, problem};

#[test]
fn an_export_holds_exactly_what_is_held_of_three_people() {
    journey(async |world| {
        let admin = world.admin().await;
        let people = cast().exported;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": people}));
        let request = world.ended(&admin, &id).await;
        assert_eq!(request["status"], "Completed", "{request}");
        assert_eq!(request["download"]["state"], "available");
        let zip = world.download(&admin, &id);
        assert_eq!(json!(zip.len()), request["download"]["bytes"]);
        for person in &people {
            let ids = ids_of(&zip, person);
            let wanted = expected(&world.data, person, None).unwrap();
            assert_eq!(ids, flat(&wanted), "{person}");
            for (data_type, collections) in &wanted {
                let files = if data_type == "whiteboards" { collections["whiteboards"].len() } else { 0 };
                let records: usize = collections.values().map(BTreeSet::len).sum();
                assert_eq!(
                    request["counts"][person][data_type],
                    json!(records + files),
                    "{person} {data_type}"
                );
            }
        }
        let events: Vec<_> =
            request["timeline"].as_array().unwrap().iter().map(|e| e["event"].clone()).collect();
        assert_eq!(events, ["filed", "started", "completed"]);
        let mails = world.mails_about(&id);
        assert_eq!(mails, ["Your data export request was received", "Your data export is ready"]);
        assert_eq!(world.objects(&world.stack.state().work_bucket, &format!("work/{id}/")).await, []);
        no_security_data(&world, &zip);
        others_are_not_given_away(&world, &zip, &people);
    });
}

/// Of those who met a host, the archive has no network address, and pseudonyms
/// of their devices: one for each, the same throughout what is the host's.
fn others_are_not_given_away(world: &World, zip: &[u8], people: &[String]) {
    let file = std::fs::read_to_string(world.data.join("meeting_participants.jsonl")).unwrap();
    let rows = file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let key = |row: &Value| (row["meeting_id"].to_string(), row["email"].to_string());
    let devices: BTreeMap<_, _> = rows.map(|row| (key(&row), row["device"].to_string())).collect();
    let (mut pseudonyms, mut own) = (BTreeMap::new(), 0);
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        let Some(person) = people.iter().find(|person| name.starts_with(&format!("subjects/{person}/")))
        else {
            continue;
        };
        if !name.contains("meeting_participants") {
            continue;
        }
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let (device, shown) = (&devices[&key(&row)], row["device"].to_string());
            if row["email"] == json!(person) {
                assert_eq!((&shown, row["ip_address"].is_string()), (device, true), "{row}");
                own += 1;
            } else {
                assert!(row.get("ip_address").is_none() && shown.contains("pseudonym-"), "{row}");
                let key = (person, device.clone());
                assert_eq!(*pseudonyms.entry(key).or_insert(shown.clone()), shown);
            }
        }
    }
    let different: BTreeSet<_> = pseudonyms.values().collect();
    assert!(own > 0 && pseudonyms.len() > 1 && different.len() == pseudonyms.len(), "{pseudonyms:?}");
}

#[test]
fn a_date_range_chooses_whole_days_and_data_types_are_kept_apart() {
    journey(async |world| {
        let admin = world.admin().await;
        let person = &cast().exported[0];
        let body = json!({
            "kind": "export", "subjects": [person.to_uppercase()], "data_types": ["chat", "meetings"],
            "date_range": {"from": "2026-02-01", "to": "2026-03-31"},
        });
        let id = world.file(&admin, &body);
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        let mut wanted = expected(&world.data, person, Some(("2026-02-01", "2026-03-31"))).unwrap();
        wanted.retain(|data_type, _| data_type == "chat" || data_type == "meetings");
        let all = expected(&world.data, person, None).unwrap();
        assert_ne!(wanted["meetings"], all["meetings"], "the range leaves something out");
        assert_eq!(ids_of(&world.download(&admin, &id), person), flat(&wanted));
    });
}

#[test]
fn a_person_of_whom_nothing_is_held_gets_an_archive_that_says_so() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "export", "subjects": [cast().admin]}));
        assert_eq!(world.ended(&admin, &id).await["status"], "Completed");
        let zip = world.download(&admin, &id);
        let manifest: Value = serde_json::from_slice(&read(&zip, "manifest.json")).unwrap();
        let types = manifest["subjects"][0]["data_types"].as_array().unwrap();
        let collections: Vec<_> = types.iter().flat_map(|t| t["collections"].as_array().unwrap()).collect();
        assert_eq!(collections.len(), 12);
        assert!(collections.iter().all(|collection| collection["nothing_held"] == true));
        assert_eq!(ZipArchive::new(Cursor::new(&zip)).unwrap().len(), 2);
    });
}

#[test]
fn a_member_whose_account_allows_it_exports_themselves_and_sees_less() {
    journey(async |world| {
        let me = "selfserver@studio.example";
        let account = json!({"account_id": "studio", "name": "Studio", "plan": "business", "country": "DE"});
        let owner = "owner@studio.example";
        learn(&world.stack, "account.upserted", "2026-01-01T00:00:00Z", &account).await;
        for (email, role) in [(me, "member"), (owner, "owner")] {
            let member = json!({"account_id": "studio", "email": email, "name": "Sel F", "role": role});
            learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        }
        let api = world.stack.api_as(me).await.unwrap();
        let order = json!({"kind": "export", "subjects": [me]});
        let refused = problem(&api.post("/v1/requests", &order).unwrap());
        assert_eq!((refused.0, refused.1.as_str()), (403, "self-service-off"));
        let owner = world.stack.api_as(owner).await.unwrap();
        world.change(&owner, "account", &json!({"self_service_requests": {"value": true}}));
        let reply = api.post("/v1/requests", &order).unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text());
        let filed: Value = reply.json().unwrap();
        assert_eq!((&filed["status"], &filed["subjects"]), (&json!("Processing"), &Value::Null));
        let id = filed["id"].as_str().unwrap();
        let request = world.ended(&api, id).await;
        assert_eq!((&request["status"], &request["timeline"]), (&json!("Completed"), &Value::Null));
        world.download(&api, id);
        let page: Value = api.get("/v1/requests?limit=1").unwrap().json().unwrap();
        assert_eq!(page["requests"][0]["id"], json!(id));
    });
}

pub(crate) fn flat(
    wanted: &BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let all = wanted.values().flatten();
    all.filter(|(_, ids)| !ids.is_empty()).map(|(name, ids)| (name.clone(), ids.clone())).collect()
}

/// Collection to record ids of a person, read from the members themselves.
pub(crate) fn ids_of(zip: &[u8], person: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    assert_eq!(archive.by_index(0).unwrap().name().unwrap(), "manifest.json");
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        let Some(path) = name.strip_prefix(&format!("subjects/{person}/")) else { continue };
        let Some(collection) = path.strip_suffix(".jsonl").and_then(|path| path.rsplit('/').next()) else {
            continue;
        };
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            let row: Value = serde_json::from_str(line).unwrap();
            if let Some(id) = record_id(collection, &row) {
                assert!(ids.entry(collection.to_owned()).or_default().insert(id), "twice in {name}");
            }
        }
    }
    ids
}

fn read(zip: &[u8], name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    ZipArchive::new(Cursor::new(zip)).unwrap().by_name(name).unwrap().read_to_end(&mut content).unwrap();
    content
}

fn no_security_data(world: &World, zip: &[u8]) {
    let mut keys = Vec::new();
    for file in ["meetings.jsonl", "webinars.jsonl"] {
        let rows = std::fs::read_to_string(world.data.join(file)).unwrap();
        for line in rows.split('\n').filter(|line| !line.is_empty()) {
            let row: Value = serde_json::from_str(line).unwrap();
            keys.push(row["encryption_key"].as_str().unwrap().to_owned());
        }
    }
    assert!(keys.len() > 2);
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    for index in 0..archive.len() {
        let mut content = Vec::new();
        archive.by_index(index).unwrap().read_to_end(&mut content).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("\"passcode\":") && !text.contains("\"encryption_key\":"));
        assert!(!keys.iter().any(|key| text.contains(key)));
    }
}
