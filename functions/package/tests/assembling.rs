//! Archives are assembled with few calls of S3, and once, whatever is done again.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::time::{Duration, Instant};

use chrono::Days;
use habeas_archive::{DosTime, Found, Listing, MemberKind, Origin, SegmentIndex, SegmentWriter, file_path};
use habeas_aws::WorkKeys;
use habeas_domain::{DataType, Digest, Request, Requests, Status};
use habeas_lambda::TaskError;
use habeas_local_aws::LocalAws;
use habeas_sources::{DataMap, Stores};
use habeas_testkit::{address, at, filing};
use habeas_work::{Failure, Ground, Step};
use package::Package;
use serde_json::{Value, json};

const WORK: &str = "work";
const ARCHIVES: &str = "archives";
const UNIT: &str = "0001";
const ANA: &str = "ana@amber.example";
const NOW: &str = "2026-01-05T10:05:00Z";
const PLENTY: Duration = Duration::from_secs(3_600);
/// Such a segment is copied.
const LARGE_BYTES: usize = 6 << 20;
const SMALL_BYTES: usize = 1_000;

const MAP: &str = r#"
    version = 1
    [[source]]
    name = "drawings"
    data_type = "whiteboards"
    s3 = { bucket = "source" }
    find = [{ prefix = "files/{account}/{email}/" }]
    erase = { rule = "delete" }
"#;

/// An export that has been collected.
struct Export {
    local: LocalAws,
    package: Package,
    request: Request,
    steps: usize,
}

impl Export {
    /// Each list of sizes is a step, and each size a segment with one file.
    async fn collected(steps: &[&[usize]]) -> Self {
        let local = LocalAws::new();
        let request = Request {
            status: Status::Processing,
            subjects: vec![address(ANA)],
            data_types: vec![DataType::Whiteboards],
            ..habeas_testkit::request()
        };
        local.table().table().file(&filing(request.clone())).await.unwrap();
        let ground = Ground {
            table: local.table().table(),
            work: local.bucket(WORK),
            map: DataMap::parse(MAP, "123456789012", "us-east-1").unwrap(),
            map_digest: Digest::of(MAP),
            stores: Stores::new(&local.aws()),
        };
        let package = Package { ground, archives: local.bucket(ARCHIVES), keep: Days::new(90) };
        let export = Self { local, package, request, steps: steps.len() };
        let (mut number, count) = (0, steps.iter().map(|step| step.len()).sum::<usize>());
        for (step, sizes) in (1..).zip(steps) {
            let mut indexes = Vec::new();
            for bytes in *sizes {
                number += 1;
                indexes.push(export.segment(number, *bytes, number as usize == count));
            }
            export.keep(step, &indexes);
        }
        export
    }

    fn keys(&self) -> WorkKeys {
        WorkKeys::new(self.request.id)
    }

    fn segment(&self, number: u32, bytes: usize, last: bool) -> SegmentIndex {
        let mut writer = SegmentWriter::new(DosTime::EARLIEST);
        let path = format!("{}/{number}", file_path(ANA, "whiteboards", "drawings"));
        let member = writer.add(&path, &noise(number, bytes), 0).unwrap();
        let content = writer.finish();
        let key = self.keys().segment(UNIT, number, "digest");
        let bytes = content.len() as u64;
        self.local.put(WORK, &key, &content);
        let origin = Origin {
            subject: ANA.into(),
            data_type: "whiteboards".into(),
            collection: "drawings".into(),
            source: "drawings".into(),
        };
        let mut listing = Listing::default();
        listing.add(member, MemberKind::File, &origin);
        listing.found(Found { origin, records: 0, files: 1 });
        let (unit, contents) = (UNIT.to_owned(), listing.finish().unwrap());
        SegmentIndex { unit, number, last, key, bytes, contents }
    }

    fn keep(&self, step: u32, indexes: &[SegmentIndex]) {
        let json = serde_json::to_vec(&Step { cursor: json!({}), result: indexes }).unwrap();
        self.local.put(WORK, &self.keys().index(UNIT, step), &json);
    }

    async fn packaged(&self, again: bool, time: Duration) -> Result<Value, TaskError> {
        let Request { account, id, .. } = &self.request;
        let input = json!({"account": account, "request": id, "units": [UNIT], "collected": [{"unit": UNIT, "steps": self.steps}], "again": again});
        let input = serde_json::from_value(input).unwrap();
        let packaged = self.package.package(&input, at(NOW), Instant::now() + time).await?;
        Ok(serde_json::to_value(packaged).unwrap())
    }

    fn archive(&self) -> Vec<u8> {
        let mut archives = self.local.contents(ARCHIVES, "");
        assert_eq!(archives.len(), 1);
        archives.remove(0).1
    }

    fn calls(&self) -> usize {
        self.local.count_calls().into_values().sum()
    }
}

/// Bytes that do not become smaller (xorshift64).
fn noise(seed: u32, bytes: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 0x9E37_79B9_7F4A_7C15;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

#[tokio::test]
async fn an_archive_takes_a_call_for_each_segment_and_each_step_and_three() {
    let steps: [&[usize]; 2] = [&[LARGE_BYTES, LARGE_BYTES], &[LARGE_BYTES, SMALL_BYTES]];
    let export = Export::collected(&steps).await;
    assert_eq!(export.packaged(false, PLENTY).await.unwrap()["done"], true);
    assert_eq!(export.calls(), 4 + 2 + 3);
    assert_eq!(export.local.open_uploads(ARCHIVES), []);
}

#[tokio::test]
async fn a_small_archive_is_put_in_one_piece() {
    let export = Export::collected(&[&[SMALL_BYTES]]).await;
    let packaged = export.packaged(false, PLENTY).await.unwrap();
    let calls = export.local.count_calls();
    assert_eq!((calls["S3 PutObject"], calls.values().sum::<usize>()), (1, 3), "{calls:?}");
    assert_eq!(packaged["archive"]["M"]["bytes"]["N"], json!(export.archive().len().to_string()));
}

#[tokio::test]
async fn an_invocation_goes_on_with_the_parts_of_the_one_before() {
    let whole = Export::collected(&[&[LARGE_BYTES; 6]]).await;
    whole.packaged(false, PLENTY).await.unwrap();
    let cut = Export::collected(&[&[LARGE_BYTES; 6]]).await;
    assert_eq!(cut.packaged(false, Duration::ZERO).await.unwrap()["done"], false);
    let made = cut.local.count_calls()["S3 UploadPartCopy"];
    assert_eq!(cut.packaged(true, Duration::ZERO).await.unwrap()["done"], true);
    assert_eq!(made + cut.local.count_calls()["S3 UploadPartCopy"], 6);
    assert_eq!(cut.local.open_uploads(ARCHIVES), []);
    assert!(cut.archive() == whole.archive(), "another archive");
}

#[tokio::test]
async fn an_archive_that_is_there_is_made_once_more_only_where_nobody_knows() {
    for sizes in [[LARGE_BYTES; 2], [SMALL_BYTES; 2]] {
        let export = Export::collected(&[&sizes]).await;
        let first = export.packaged(false, PLENTY).await.unwrap();
        let archive = export.archive();
        export.calls();
        assert_eq!(export.packaged(true, PLENTY).await.unwrap(), first);
        let calls = export.local.count_calls();
        assert!(
            !calls.contains_key("S3 CreateMultipartUpload") && !calls.contains_key("S3 PutObject"),
            "{calls:?}"
        );
        assert_eq!(export.packaged(false, PLENTY).await.unwrap(), first);
        assert!(export.archive() == archive, "another archive");
    }
}

#[tokio::test]
async fn two_that_do_not_know_of_each_other_make_the_same_archive() {
    let export = Export::collected(&[&[LARGE_BYTES; 6]]).await;
    assert_eq!(export.packaged(false, Duration::ZERO).await.unwrap()["done"], false);
    assert_eq!(export.packaged(false, PLENTY).await.unwrap()["done"], true);
    let archive = export.archive();
    assert_eq!(export.local.open_uploads(ARCHIVES).len(), 1, "what tidy ends");
    assert_eq!(export.packaged(true, PLENTY).await.unwrap()["done"], true);
    assert!(export.archive() == archive, "another archive");
    let bucket = export.package.archives.all().next().unwrap();
    bucket.abort_uploads(&WorkKeys::archive(export.request.id)).await.unwrap();
    assert_eq!(export.local.open_uploads(ARCHIVES), []);
}

#[tokio::test]
async fn a_step_that_was_taken_and_is_not_there_makes_no_archive() {
    let mut export = Export::collected(&[&[SMALL_BYTES]]).await;
    export.steps = 2;
    let error = export.packaged(false, PLENTY).await.unwrap_err();
    assert_eq!(error.to_string(), "The result of an earlier step is gone.");
    assert!(export.local.contents(ARCHIVES, "").is_empty());
}

#[tokio::test]
async fn a_step_without_a_segment_fails_the_export_with_its_reason() {
    let export = Export::collected(&[&[SMALL_BYTES], &[]]).await;
    let reason = "The data source `drawings` did not answer.".to_owned();
    let failure = Failure { subject: 0, source: "drawings".to_owned(), reason: reason.clone() };
    let key = export.keys().failure(UNIT, 2);
    export.local.put(WORK, &key, &serde_json::to_vec(&failure).unwrap());
    assert_eq!(export.packaged(false, PLENTY).await.unwrap_err().to_string(), reason);
    assert!(export.local.contents(ARCHIVES, "").is_empty());
}

#[tokio::test]
async fn a_segment_that_is_missing_makes_no_archive() {
    let export = Export::collected(&[&[SMALL_BYTES], &[SMALL_BYTES, SMALL_BYTES]]).await;
    export.local.remove(WORK, &export.keys().index(UNIT, 1));
    assert!(export.packaged(false, PLENTY).await.is_err());
    assert!(export.local.contents(ARCHIVES, "").is_empty());
}
