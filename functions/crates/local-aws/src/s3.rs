mod call;
mod listing;
mod uploads;
mod xml;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

pub(crate) use self::call::Call;
use self::call::Operation;
use self::uploads::Upload;
use crate::connector::Answer;

/// When everything was written: nothing here has a clock.
const WRITTEN: &str = "2026-01-05T10:00:00.000Z";
const WRITTEN_AS_DATE: &str = "Mon, 05 Jan 2026 10:00:00 GMT";

/// A version of an object, as tests see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    /// None of a marker of a deletion.
    pub content: Option<Vec<u8>>,
}

/// An upload that was neither completed nor given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUpload {
    pub key: String,
    pub id: String,
}

/// Buckets in memory.
#[derive(Debug, Default)]
pub(crate) struct S3 {
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

#[derive(Debug, Default)]
struct Bucket {
    is_versioned: bool,
    /// No page has more entries than these.
    page_entries_max: Option<usize>,
    /// By key, the newest version last.
    objects: BTreeMap<String, Vec<Version>>,
    /// By id.
    uploads: BTreeMap<String, Upload>,
    /// Names versions and uploads.
    ids: u64,
}

#[derive(Debug, Clone)]
struct Version {
    id: String,
    /// None of a marker of a deletion.
    content: Option<Vec<u8>>,
    content_type: String,
}

impl S3 {
    pub(crate) fn create(&self, name: &str, is_versioned: bool) {
        let mut buckets = self.buckets();
        buckets.entry(name.to_owned()).or_default().is_versioned = is_versioned;
    }

    pub(crate) fn put(&self, bucket: &str, key: &str, content: Vec<u8>) {
        self.buckets().get_mut(bucket).expect("a bucket").put(key, Some(content), String::new());
    }

    pub(crate) fn mark_deleted(&self, bucket: &str, key: &str) {
        self.buckets().get_mut(bucket).expect("a bucket").put(key, None, String::new());
    }

    pub(crate) fn limit_pages(&self, entries: usize) {
        self.buckets().values_mut().for_each(|bucket| bucket.page_entries_max = Some(entries));
    }

    pub(crate) fn remove(&self, bucket: &str, key: &str) {
        let removed = self.buckets().get_mut(bucket).expect("a bucket").objects.remove(key);
        removed.expect("an object to remove");
    }

    pub(crate) fn objects(&self, bucket: &str) -> Vec<Object> {
        let buckets = self.buckets();
        let objects = buckets[bucket].objects.iter();
        let versions = objects.flat_map(|(key, versions)| versions.iter().map(move |v| (key, v)));
        versions.map(|(key, v)| Object { key: key.clone(), content: v.content.clone() }).collect()
    }

    pub(crate) fn open_uploads(&self, bucket: &str) -> Vec<OpenUpload> {
        let buckets = self.buckets();
        let uploads = buckets[bucket].uploads.iter();
        uploads.map(|(id, upload)| OpenUpload { key: upload.key.clone(), id: id.clone() }).collect()
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let mut buckets = self.buckets();
        if call.operation == Operation::UploadPartCopy {
            let part = uploads::copied(&buckets, call);
            return match buckets.get_mut(&call.bucket) {
                Some(bucket) => bucket.add_part(call, part),
                None => error(404, "NoSuchBucket"),
            };
        }
        let Some(bucket) = buckets.get_mut(&call.bucket) else { return error(404, "NoSuchBucket") };
        match call.operation {
            Operation::PutObject => bucket.put_object(call),
            Operation::GetObject => bucket.get_object(call),
            Operation::HeadObject => bucket.get_object(call).without_body(),
            Operation::GetObjectTagging => Answer::ok("<Tagging><TagSet></TagSet></Tagging>"),
            Operation::DeleteObjects => bucket.delete_objects(call),
            Operation::ListObjectsV2 => bucket.list_objects(call),
            Operation::ListObjectVersions => bucket.list_versions(call),
            Operation::CreateMultipartUpload => bucket.create_upload(call),
            Operation::UploadPart => bucket.add_part(call, Some(call.body.clone())),
            Operation::UploadPartCopy => unreachable!("it is about two buckets, and above"),
            Operation::CompleteMultipartUpload => bucket.complete_upload(call),
            Operation::AbortMultipartUpload => bucket.abort_upload(call),
            Operation::ListMultipartUploads => bucket.list_uploads(call),
            Operation::ListParts => bucket.list_parts(call),
        }
    }
}

impl Bucket {
    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("{:06}", self.ids)
    }

    fn put(&mut self, key: &str, content: Option<Vec<u8>>, content_type: String) {
        let id = if self.is_versioned { self.next_id() } else { "null".to_owned() };
        let versions = self.objects.entry(key.to_owned()).or_default();
        if !self.is_versioned {
            versions.clear();
        }
        versions.push(Version { id, content, content_type });
    }

    fn put_object(&mut self, call: &Call) -> Answer {
        let is_there = self.current(&call.key).is_some();
        if call.header("if-none-match") == Some("*") && is_there {
            return error(412, "PreconditionFailed");
        }
        let content_type = call.header("content-type").unwrap_or_default().to_owned();
        self.put(&call.key, Some(call.body.clone()), content_type);
        Answer::ok("").with("etag", tag(&call.body))
    }

    fn current(&self, key: &str) -> Option<&Version> {
        self.objects.get(key)?.last().filter(|version| version.content.is_some())
    }

    fn get_object(&self, call: &Call) -> Answer {
        let found = match call.query("versionId") {
            None => self.current(&call.key),
            Some(id) => {
                let versions = self.objects.get(&call.key);
                versions.and_then(|versions| versions.iter().find(|version| version.id == id))
            }
        };
        let Some(Version { content: Some(content), content_type, .. }) = found else {
            return error(404, "NoSuchKey");
        };
        Answer::ok(content.clone())
            .with("etag", tag(content))
            .with("content-length", content.len().to_string())
            .with("content-type", content_type)
            .with("last-modified", WRITTEN_AS_DATE)
    }

    fn delete_objects(&mut self, call: &Call) -> Answer {
        for object in xml::elements(&call.body, "Object") {
            let key = xml::element(&object, "Key").expect("a key");
            match xml::element(&object, "VersionId") {
                Some(version) => {
                    let versions = self.objects.entry(key.clone()).or_default();
                    versions.retain(|kept| kept.id != version);
                    if versions.is_empty() {
                        self.objects.remove(&key);
                    }
                }
                None if self.is_versioned => self.put(&key, None, String::new()),
                None => {
                    self.objects.remove(&key);
                }
            }
        }
        Answer::ok("<DeleteResult></DeleteResult>")
    }
}

impl Answer {
    fn without_body(self) -> Self {
        Self { body: Vec::new(), ..self }
    }
}

fn error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    Answer { status, body: body.into(), ..Answer::default() }
}

/// Names a content, between quotes as S3 has it.
fn tag(content: &[u8]) -> String {
    let mut tag = "\"".to_owned();
    for byte in &Sha256::digest(content)[..16] {
        write!(tag, "{byte:02x}").expect("room for a text");
    }
    tag + "\""
}
