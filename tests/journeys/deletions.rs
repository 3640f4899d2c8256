use std::time::Duration;

use habeas_local::{Snapshot, USERS};
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::world::{journey, problem};

/// A person who is in the data of the second account and in no other journey.
const PERSON: &str = "ada.obrannon@baltic.example";

#[test]
fn a_deletion_removes_the_person_and_nothing_of_anybody_else() {
    journey(async |world| {
        let admin = world.stack.api_as("admin@baltic.example").await.unwrap();
        let before = world.stack.snapshot_sources().await.unwrap();
        assert!(rows_of(&before, PERSON) > 0);
        let user = format!("\"{}\"", before.user_of(PERSON).unwrap());
        let preview = admin.post("/v1/requests/preview", &json!({"subjects": [PERSON]})).unwrap();
        assert_eq!(preview.status, 200, "{}", preview.text());
        let preview: Value = preview.json().unwrap();
        let digest = &preview["digest"];
        let deletion =
            json!({"kind": "delete", "subjects": [PERSON], "confirm": true, "preview_digest": digest});
        let id = world.file(&admin, &deletion);
        let request = world.ended(&admin, &id).await;
        assert_eq!(request["status"], "Completed", "{request}");
        let after = world.stack.snapshot_sources().await.unwrap();
        let changes = before.changes(&after);
        assert_eq!((rows_of(&after, PERSON), changes.added.len()), (0, 0));
        for gone in changes.removed.iter().chain(&changes.changed) {
            let (table, key) = gone.split_once(' ').unwrap();
            let was = before.tables.get(table).and_then(|rows| rows.get(key));
            let is_theirs = |row: &String| row.contains(PERSON) || row.contains(&user);
            assert!(was.is_none_or(is_theirs), "{gone} was somebody else's");
        }
        let counted: u64 =
            request["counts"][PERSON].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(counted, (changes.removed.len() + changes.changed.len()) as u64);
        let previewed = preview["people"][PERSON].as_object().unwrap().values();
        let to_erase = previewed.filter(|of| of["rule"] != "retain");
        assert_eq!(to_erase.map(|of| of["count"].as_u64().unwrap()).sum::<u64>(), counted);
        assert_eq!(request["download"]["state"], "none");
        let download = admin.post(&format!("/v1/requests/{id}/download"), &json!({})).unwrap();
        assert_eq!(problem(&download).0, 409);
        let mails = world.mails_about(&id);
        assert_eq!(mails, ["Your data deletion request was received", "Your data deletion is completed"]);

        // The same person again: there is nothing left to do, and no harm in it.
        let again = world.file(&admin, &json!({"kind": "delete", "subjects": [PERSON], "confirm": true}));
        let request = world.ended(&admin, &again).await;
        assert_eq!(request["status"], "Completed", "{request}");
        assert!(request["counts"][PERSON].as_object().unwrap().values().all(|n| *n == json!(0)));
        assert!(after.changes(&world.stack.snapshot_sources().await.unwrap()).is_empty());
    });
}

#[test]
fn a_revoked_deletion_touches_nothing_and_is_told_at_once() {
    journey(async |world| {
        let admin = world.admin().await;
        let before = world.stack.snapshot_sources().await.unwrap();
        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [cast().spared], "confirm": true}));
        let revoked = admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap();
        assert_eq!(revoked.json::<Value>().unwrap()["status"], "Canceled");
        let again = admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap();
        assert_eq!(problem(&again).1, "not-revocable");
        assert_eq!(world.ended(&admin, &id).await["status"], "Canceled");
        assert!(before.changes(&world.stack.snapshot_sources().await.unwrap()).is_empty());
        let mut mails = world.mails_about(&id);
        mails.sort();
        assert_eq!(mails, ["Your data deletion request was received", "Your data deletion was canceled"]);
        assert_eq!(world.objects(&world.stack.state().work_bucket, &format!("work/{id}/")).await, []);
    });
}

#[test]
fn of_a_revoke_and_a_start_at_the_same_moment_exactly_one_wins() {
    journey(async |world| {
        let admin = world.admin().await;
        let body = json!({"kind": "export", "subjects": [cast().admin], "allow_duplicate": true});
        let ids: Vec<_> = (0..8).map(|_| world.file(&admin, &body)).collect();
        // The stack's exports start after two seconds. The revokes of the later
        // ones come before that, and those of the first ones after it.
        let mut outcomes = Vec::new();
        for id in ids.iter().rev() {
            outcomes.push(admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap());
            tokio::time::sleep(Duration::from_millis(350)).await;
        }
        let answers = |status| outcomes.iter().filter(|reply| reply.status == status).count();
        assert!(answers(200) > 0 && answers(409) > 0, "both sides of the race won something");
        for (id, reply) in ids.iter().rev().zip(outcomes) {
            let status = world.ended(&admin, id).await["status"].clone();
            match reply.status {
                200 => assert_eq!(status, "Canceled"),
                409 => assert_eq!(status, "Completed"),
                other => panic!("revoke answered {other}: {}", reply.text()),
            }
        }
    });
}

/// How many rows are a person's, but for their entry among the users, which stays.
fn rows_of(snapshot: &Snapshot, person: &str) -> usize {
    let user = snapshot.user_of(person).map(|user| format!("\"{user}\""));
    let tables = snapshot.tables.iter().filter(|(table, _)| *table != USERS);
    let rows = tables.flat_map(|(_, rows)| rows.values());
    rows.filter(|row| row.contains(person) || user.as_ref().is_some_and(|user| row.contains(user))).count()
}
