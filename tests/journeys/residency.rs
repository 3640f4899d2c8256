use std::time::Instant;

use habeas_domain::{RequestId, Residency, Timeline};
use habeas_local::Api;
use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::house::{entries, house, settings};
use crate::sweeps::sweep;
use crate::world::{BALTIC, BALTIC_ADMIN, PATIENCE, PAUSE, World, journey};

/// An owner in the EEA chooses where the account's data are kept.
fn choose(world: &World, owner: &Api, place: Residency) -> Value {
    world.change(owner, "account", &json!({"data_residency": {"value": place}}))
}

/// Waits until the archives are where they are to be, and gives what the owner is told.
async fn moved(world: &World, owner: &Api) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        sweep(world).await;
        let how_far = settings(owner, "account")["settings"]["data_residency"]["move"].clone();
        if how_far["state"] == "done" {
            return how_far;
        }
        assert!(Instant::now() < deadline, "the archives are not moved: {how_far}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The buckets of one place, with what a request's keys in them begin with.
fn places(world: &World, place: Residency, id: &str) -> [(String, String); 2] {
    let state = world.stack.state();
    let (archives, work) = match place {
        Residency::Us => (&state.archive_bucket, &state.work_bucket),
        Residency::Eea => (&state.eea_archive_bucket, &state.eea_work_bucket),
    };
    [(archives.clone(), format!("archives/{id}")), (work.clone(), format!("work/{id}/"))]
}

/// Lets no function write to a bucket, and gives the policy that it had.
async fn close(world: &World, bucket: &str) -> String {
    let s3 = world.stack.s3_of(bucket);
    let found = s3.get_bucket_policy().bucket(bucket).send().await.unwrap();
    let before = found.policy.unwrap();
    let mut policy: Value = serde_json::from_str(&before).unwrap();
    policy["Statement"].as_array_mut().unwrap().push(json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
    }));
    s3.put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await.unwrap();
    before
}

#[test]
fn no_byte_of_an_account_in_the_eea_is_ever_in_the_us() {
    journey(async |world| {
        let owner = world.stack.api_as("owner@baltic.example").await.unwrap();
        let admin = world.stack.api_as(BALTIC_ADMIN).await.unwrap();
        let elsewhere = world.admin().await;
        let of_us = world.file(&elsewhere, &json!({"kind": "export", "subjects": [cast().admin]}));
        assert_eq!(world.ended(&elsewhere, &of_us).await["status"], "Completed");
        let mut policies = Vec::new();
        for (bucket, _) in places(&world, Residency::Us, "") {
            policies.push((bucket.clone(), close(&world, &bucket).await));
        }
        // Whoever writes to a bucket in the US now fails.
        let plan = json!({"account": "aurora", "request": of_us});
        assert!(world.stack.invoke("plan", &plan).await.unwrap().function_error.is_some());

        let export = json!({"kind": "export", "subjects": [BALTIC[2]]});
        choose(&world, &owner, Residency::Eea);
        let deletion = json!({"kind": "delete", "subjects": [BALTIC[1]], "confirm": true});
        let ids = [world.file(&admin, &export), world.file(&admin, &deletion)];
        for id in &ids {
            assert_eq!(world.ended(&admin, id).await["status"], "Completed");
            for (bucket, prefix) in places(&world, Residency::Us, id) {
                assert_eq!(world.objects(&bucket, &prefix).await, []);
            }
        }
        let [archive, _] = places(&world, Residency::Eea, &ids[0]);
        assert_eq!(world.objects(&archive.0, &archive.1).await.len(), 1);
        let zip = world.download(&admin, &ids[0]);
        assert_eq!(world.request(&admin, &ids[0])["download"]["bytes"], json!(zip.len()));
        for (bucket, policy) in policies {
            let put = world.stack.s3_of(&bucket).put_bucket_policy().bucket(&bucket);
            put.policy(policy).send().await.unwrap();
        }
        choose(&world, &owner, Residency::Us);
        assert_eq!(moved(&world, &owner).await["archives_failing"], 0);
    });
}

#[test]
fn archives_move_there_and_back_and_their_owner_sees_how_far() {
    journey(async |world| {
        let [owner, admin, ..] = house(&world, "spruce", "business").await;
        let id = world.file(&owner, &json!({"kind": "export", "subjects": ["owner@spruce.example"]}));
        assert_eq!(world.ended(&owner, &id).await["status"], "Completed");
        let zip = world.download(&owner, &id);

        let changed = choose(&world, &owner, Residency::Eea);
        let how_far = &changed["settings"]["data_residency"]["move"];
        assert_eq!((&how_far["state"], &how_far["to"]), (&json!("moving"), &json!("eea")));
        let how_far = moved(&world, &owner).await;
        assert_eq!((&how_far["archives_moved"], &how_far["archives_left"]), (&json!(1), &json!(0)));
        assert_eq!(kept(&world, &id).await, (0, 1));
        assert_eq!(world.download(&admin, &id), zip);

        choose(&world, &owner, Residency::Us);
        moved(&world, &owner).await;
        assert_eq!(kept(&world, &id).await, (1, 0));
        assert_eq!(world.download(&owner, &id), zip);

        let request = world.request(&owner, &id);
        let timeline: Timeline = serde_json::from_value(request["timeline"].clone()).unwrap();
        timeline.verify(RequestId::parse(&id).unwrap()).unwrap();
        let moves = request["timeline"].as_array().unwrap().iter();
        assert_eq!(moves.filter(|event| event["event"] == "archive_moved").count(), 2);
        // An admin sees the change in the ledger, and no setting to change.
        assert!(settings(&admin, "account")["settings"].get("data_residency").is_none());
        let change = json!({"setting": "data_residency", "from": "us", "to": "eea"});
        assert_eq!(entries(&admin)[1]["changes"], json!([change]));
    });
}

/// How many archives of a request are in the US, and how many in the EEA.
async fn kept(world: &World, id: &str) -> (usize, usize) {
    let mut found = Vec::new();
    for place in [Residency::Us, Residency::Eea] {
        let [(bucket, prefix), _] = places(world, place, id);
        found.push(world.objects(&bucket, &prefix).await.len());
    }
    (found[0], found[1])
}
