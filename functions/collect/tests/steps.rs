//! The same data make the same segments, wherever steps end and whatever of them
//! is done again.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::time::{Duration, Instant};

use collect::{Done, collect};
use habeas_aws::{Macs, WorkKeys};
use habeas_domain::{DataType, Digest, Request, Requests, Status};
use habeas_local_aws::LocalAws;
use habeas_sources::{DataMap, Stores};
use habeas_testkit::{address, at, filing};
use habeas_work::{Ground, UnitInput, UnitOutput};
use serde_json::Value;

const SOURCE: &str = "source";
const WORK: &str = "work";
const UNIT: &str = "0001";
const FOLDER: &str = "files/amber/ana@amber.example/";
const NOW: &str = "2026-01-05T10:05:00Z";
const STEPS_MAX: usize = 20;

/// A file of this size begins and ends a segment.
const LARGE_BYTES: usize = 17 << 20;

const MAP: &str = r#"
    version = 1
    [[source]]
    name = "drawings"
    data_type = "whiteboards"
    s3 = { bucket = "source" }
    find = [{ prefix = "files/{account}/{email}/" }]
    erase = { rule = "delete" }
"#;

/// An export of one person whose files make five segments.
struct Export {
    local: LocalAws,
    ground: Ground,
    macs: Macs,
    request: Request,
}

impl Export {
    async fn planned() -> Self {
        let local = LocalAws::new();
        local.create_versioned(SOURCE);
        for (name, bytes) in
            [("a", LARGE_BYTES), ("b", 100), ("c", LARGE_BYTES + 1), ("d", LARGE_BYTES), ("e", 10)]
        {
            local.put(SOURCE, &format!("{FOLDER}{name}"), &vec![b'x'; bytes]);
        }
        let request = Request {
            status: Status::Processing,
            subjects: vec![address("ana@amber.example")],
            data_types: vec![DataType::Whiteboards],
            ..habeas_testkit::request()
        };
        local.table().table().file(&filing(request.clone())).await.unwrap();
        let unit = format!(r#"{{"unit":"{UNIT}","tasks":[{{"subject":0,"source":"drawings"}}]}}"#);
        let (work, aws) = (local.bucket(WORK), local.aws());
        local.put(WORK, &WorkKeys::new(request.id).units(), unit.as_bytes());
        let ground = Ground {
            table: local.table().table(),
            work,
            map: DataMap::parse(MAP, "123456789012", "us-east-1").unwrap(),
            map_digest: Digest::of(MAP),
            stores: Stores::new(&aws),
        };
        Self { local, ground, macs: Macs::new(&aws, "a key".to_owned()), request }
    }

    async fn step(&self, cursor: Option<Done>, time: Duration) -> UnitOutput<Done> {
        self.attempt(cursor, false, time).await
    }

    async fn attempt(&self, cursor: Option<Done>, again: bool, time: Duration) -> UnitOutput<Done> {
        let Request { account, id, .. } = &self.request;
        let (account, unit) = (account.clone(), UNIT.to_owned());
        let input = UnitInput { account, request: *id, unit, cursor, failed: None, again };
        collect(&self.ground, &self.macs, input, at(NOW), Instant::now() + time).await.unwrap()
    }

    /// Does all steps, each with so much time, and says how many there were.
    async fn collected(&self, time: Duration) -> usize {
        let mut cursor = None;
        for step in 1..=STEPS_MAX {
            let output = self.step(cursor, time).await;
            if output.done {
                return step;
            }
            cursor = Some(output.cursor);
        }
        panic!("more than {STEPS_MAX} steps");
    }

    fn keys(&self) -> WorkKeys {
        WorkKeys::new(self.request.id)
    }

    fn segments(&self) -> Vec<(String, Vec<u8>)> {
        self.local.contents(WORK, &self.keys().segments())
    }

    /// The results of all steps, in order.
    fn steps(&self) -> Vec<Value> {
        let steps = (1..).map(|step| self.local.contents(WORK, &self.keys().index(UNIT, step)));
        let steps = steps.take_while(|found| !found.is_empty()).flatten();
        steps.map(|(_, step)| serde_json::from_slice(&step).unwrap()).collect()
    }

    /// The indexes of all segments, in order.
    fn indexes(&self) -> Vec<Value> {
        self.steps().iter().flat_map(|step| step["result"].as_array().unwrap().clone()).collect()
    }
}

/// More than there is to do.
const PLENTY: Duration = Duration::from_secs(86_400);
/// Each step ends at once.
const NONE: Duration = Duration::ZERO;

#[tokio::test]
async fn steps_that_end_after_every_segment_make_the_same_as_one_that_never_has_to() {
    let (whole, cut) = (Export::planned().await, Export::planned().await);
    assert_eq!((whole.collected(PLENTY).await, cut.collected(NONE).await), (1, 5));
    assert_eq!(whole.indexes().len(), 5);
    assert_eq!(whole.indexes(), cut.indexes());
    assert!(whole.segments() == cut.segments(), "other segments");
    let named: Vec<_> = whole.indexes().iter().map(|index| index["key"].clone()).collect();
    let there: Vec<_> = whole.segments().into_iter().map(|(key, _)| Value::from(key)).collect();
    assert_eq!(named, there);
}

#[tokio::test]
async fn a_step_writes_each_segment_and_one_list_of_them() {
    let export = Export::planned().await;
    export.collected(PLENTY).await;
    let calls = export.local.count_calls();
    assert_eq!((calls["S3 PutObject"], calls["S3 CompleteMultipartUpload"]), (2 + 1, 3), "{calls:?}");
    assert_eq!(export.local.open_uploads(WORK), []);
}

#[tokio::test]
async fn a_step_whose_index_was_lost_makes_the_same_again() {
    for (time, cursor, lost) in [(PLENTY, None, 1), (NONE, Some(Done { step: 1 }), 2)] {
        let export = Export::planned().await;
        export.collected(time).await;
        let before = export.local.contents(WORK, "");
        export.local.remove(WORK, &export.keys().index(UNIT, lost));
        export.step(cursor, time).await;
        assert!(export.local.contents(WORK, "") == before, "step {lost}");
    }
}

#[tokio::test]
async fn an_attempt_after_one_that_died_does_one_segment_and_the_next_step_goes_on() {
    let (whole, retried) = (Export::planned().await, Export::planned().await);
    whole.collected(PLENTY).await;
    let first = retried.attempt(None, true, PLENTY).await;
    assert_eq!((first.done, retried.indexes().len()), (false, 1));
    assert!(retried.step(Some(first.cursor), PLENTY).await.done);
    assert_eq!(whole.indexes(), retried.indexes());
}

#[tokio::test]
async fn a_step_that_was_kept_stays_whatever_its_twin_finds() {
    let export = Export::planned().await;
    let first = export.step(None, PLENTY).await;
    let (indexes, segments) = (export.indexes(), export.segments());
    export.local.put(SOURCE, &format!("{FOLDER}b"), &[b'y'; 200]);
    assert_eq!(export.step(None, NONE).await, first, "the first one's cursor");
    assert_eq!(export.step(None, PLENTY).await, first);
    assert_eq!(export.indexes(), indexes);
    let now = export.segments();
    assert!(segments.iter().all(|segment| now.contains(segment)), "a segment changed");
}

#[tokio::test]
async fn a_step_of_a_source_that_was_passed_over_has_no_index() {
    let export = Export::planned().await;
    let Request { account, id, .. } = export.request.clone();
    let failed = Some("It did not answer.".to_owned());
    let input = UnitInput { account, request: id, unit: UNIT.to_owned(), cursor: None, failed, again: true };
    let output = collect(&export.ground, &export.macs, input, at(NOW), Instant::now()).await.unwrap();
    assert!(output.done);
    assert!(export.indexes().is_empty() && export.segments().is_empty());
    assert_eq!(export.local.contents(WORK, &export.keys().failures()).len(), 1);
    assert_eq!(export.steps().len(), 1);
}
