use std::time::Instant;

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use habeas_domain::{RequestId, Residency, Timeline};
use habeas_local::Api;
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

/// Keeps what was deleted, so that nothing can have been there unseen.
async fn remember(world: &World, bucket: &str, status: BucketVersioningStatus) {
    let versioning = VersioningConfiguration::builder().status(status).build();
    let put = world.stack.s3_of(bucket).put_bucket_versioning().bucket(bucket);
    put.versioning_configuration(versioning).send().await.unwrap();
}

/// How many objects there were ever under a prefix, and uploads that are open.
async fn ever(world: &World, (bucket, prefix): &(String, String)) -> usize {
    let s3 = world.stack.s3_of(bucket);
    let versions = s3.list_object_versions().bucket(bucket).prefix(prefix).send().await.unwrap();
    let uploads = s3.list_multipart_uploads().bucket(bucket).prefix(prefix).send().await.unwrap();
    versions.versions().len() + versions.delete_markers().len() + uploads.uploads().len()
}

#[test]
fn no_byte_of_an_account_in_the_eea_is_ever_in_the_us() {
    journey(async |world| {
        let owner = world.stack.api_as("owner@baltic.example").await.unwrap();
        let admin = world.stack.api_as(BALTIC_ADMIN).await.unwrap();
        choose(&world, &owner, Residency::Eea);
        let buckets = [Residency::Us, Residency::Eea].map(|place| places(&world, place, ""));
        for (bucket, _) in buckets.iter().flatten() {
            remember(&world, bucket, BucketVersioningStatus::Enabled).await;
        }
        let export = json!({"kind": "export", "subjects": [BALTIC[2]]});
        let deletion = json!({"kind": "delete", "subjects": [BALTIC[1]], "confirm": true});
        let ids = [world.file(&admin, &export), world.file(&admin, &deletion)];
        for id in &ids {
            assert_eq!(world.ended(&admin, id).await["status"], "Completed");
            for place in places(&world, Residency::Us, id) {
                assert_eq!(ever(&world, &place).await, 0, "{place:?}");
            }
            let [_, work] = places(&world, Residency::Eea, id);
            assert!(ever(&world, &work).await > 0, "{work:?}");
        }
        let [archive, _] = places(&world, Residency::Eea, &ids[0]);
        assert_eq!(world.objects(&archive.0, &archive.1).await.len(), 1);
        let zip = world.download(&admin, &ids[0]);
        assert_eq!(world.request(&admin, &ids[0])["download"]["bytes"], json!(zip.len()));
        for (bucket, _) in buckets.iter().flatten() {
            remember(&world, bucket, BucketVersioningStatus::Suspended).await;
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
