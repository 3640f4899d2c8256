//! Buckets in the process of a test: the real client of S3, on objects that live
//! in memory. As much of S3 as the workflow's tasks use, with its refusal of small
//! parts, and without versions. Calls are counted.
//! For tests only.
#![expect(clippy::expect_used, clippy::panic, reason = "a broken bucket is a broken test")]

mod call;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use habeas_aws::{Aws, Bucket};

use crate::call::Call;

/// S3 rejects smaller parts, the last one aside.
const PART_BYTES_MIN: usize = 5 << 20;

const LISTED_MAX: usize = 1_000;

/// Buckets of any name, empty at first. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LocalBuckets {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By bucket and key.
    objects: BTreeMap<(String, String), Vec<u8>>,
    /// By their ids.
    uploads: BTreeMap<String, Upload>,
    opened: usize,
    calls: BTreeMap<&'static str, usize>,
}

#[derive(Debug)]
struct Upload {
    bucket: String,
    key: String,
    parts: BTreeMap<usize, Vec<u8>>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl LocalBuckets {
    /// Clients of these buckets.
    #[must_use]
    pub fn aws(&self) -> Aws {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let connector = SharedHttpConnector::new(self.clone());
        let aws = Aws::new(credentials, "us-east-1".to_owned(), Some("http://localhost".to_owned()));
        aws.over(http_client_fn(move |_, _| connector.clone()))
    }

    #[must_use]
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.aws(), name.to_owned())
    }

    pub fn put(&self, bucket: &str, key: &str, content: Vec<u8>) {
        self.state().objects.insert((bucket.to_owned(), key.to_owned()), content);
    }

    pub fn remove(&self, bucket: &str, key: &str) {
        let removed = self.state().objects.remove(&(bucket.to_owned(), key.to_owned()));
        removed.expect("an object to remove");
    }

    /// The objects of a bucket whose keys begin so, in order of key.
    #[must_use]
    pub fn objects(&self, bucket: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let state = self.state();
        let of_bucket = state.objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix));
        of_bucket.map(|((_, key), content)| (key.clone(), content.clone())).collect()
    }

    /// How many uploads of a bucket are open.
    #[must_use]
    pub fn open_uploads(&self, bucket: &str) -> usize {
        self.state().uploads.values().filter(|upload| upload.bucket == bucket).count()
    }

    /// How often each operation was called since this was last asked.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpConnector for LocalBuckets {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.state().answer(&Call::of(&request));
        let status = StatusCode::try_from(answer.status).expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
        for (name, value) in answer.headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl State {
    fn answer(&mut self, call: &Call<'_>) -> Answer {
        let operation = call.operation();
        *self.calls.entry(operation).or_default() += 1;
        let place = (call.bucket.clone(), call.key.clone());
        match operation {
            "PutObject" if call.header("if-none-match").is_some() && self.objects.contains_key(&place) => {
                refusal(412, "PreconditionFailed")
            }
            "PutObject" => {
                let content = call.body();
                let answer = Answer::tagged(&content);
                self.objects.insert(place, content);
                answer
            }
            "GetObject" | "HeadObject" => match self.objects.get(&place) {
                Some(content) => Answer::of(content, operation == "HeadObject"),
                None if operation == "HeadObject" => Answer::empty(404),
                None => refusal(404, "NoSuchKey"),
            },
            "ListObjectsV2" => self.listing(call),
            "CreateMultipartUpload" => {
                self.opened += 1;
                let id = format!("upload-{}", self.opened);
                let Call { bucket, key, .. } = call;
                let upload = Upload { bucket: bucket.clone(), key: key.clone(), parts: BTreeMap::new() };
                self.uploads.insert(id.clone(), upload);
                xml("InitiateMultipartUploadResult", &format!("<UploadId>{id}</UploadId>"))
            }
            "UploadPart" => {
                let content = call.body();
                let answer = Answer::tagged(&content);
                self.add_part(call, content).map_or_else(|| refusal(404, "NoSuchUpload"), |()| answer)
            }
            "UploadPartCopy" => {
                let content = self.copied(call);
                let tag = tag(&content);
                let copied = || xml("CopyPartResult", &format!("<ETag>{tag}</ETag>"));
                self.add_part(call, content).map_or_else(|| refusal(404, "NoSuchUpload"), |()| copied())
            }
            "CompleteMultipartUpload" => self.complete(call),
            "AbortMultipartUpload" => {
                self.uploads.remove(call.parameter("uploadId").unwrap_or_default());
                Answer::empty(204)
            }
            "ListMultipartUploads" => {
                let prefix = call.parameter("prefix").unwrap_or_default();
                let of_bucket = self.uploads.iter().filter(|(_, upload)| upload.bucket == call.bucket);
                let listed = of_bucket.filter(|(_, upload)| upload.key.starts_with(prefix));
                let listed = listed.map(|(id, upload)| {
                    format!("<Upload><Key>{}</Key><UploadId>{id}</UploadId></Upload>", upload.key)
                });
                xml("ListMultipartUploadsResult", &listed.collect::<String>())
            }
            "ListParts" => match self.uploads.get(call.parameter("uploadId").unwrap_or_default()) {
                Some(upload) => {
                    let listed = upload.parts.iter().map(|(number, part)| {
                        let (tag, bytes) = (tag(part), part.len());
                        format!(
                            "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag>\
                             <Size>{bytes}</Size></Part>"
                        )
                    });
                    xml("ListPartsResult", &listed.collect::<String>())
                }
                None => refusal(404, "NoSuchUpload"),
            },
            other => panic!("{other} call of S3: {call:?}"),
        }
    }

    fn listing(&self, call: &Call<'_>) -> Answer {
        let prefix = call.parameter("prefix").unwrap_or_default();
        let after =
            call.parameter("continuation-token").or(call.parameter("start-after")).unwrap_or_default();
        let most = call.number("max-keys").unwrap_or(LISTED_MAX).min(LISTED_MAX);
        let mut found = self.objects.iter().filter(|((bucket, key), _)| {
            *bucket == call.bucket && key.starts_with(prefix) && key.as_str() > after
        });
        let (mut listed, mut last) = (String::new(), "");
        for ((_, key), content) in found.by_ref().take(most) {
            listed.push_str(&format!(
                "<Contents><Key>{key}</Key><Size>{}</Size>\
                 <LastModified>2026-01-05T10:00:00.000Z</LastModified></Contents>",
                content.len()
            ));
            last = key;
        }
        let more = found.next().is_some();
        let token = if more {
            format!("<NextContinuationToken>{last}</NextContinuationToken>")
        } else {
            String::new()
        };
        xml("ListBucketResult", &format!("<IsTruncated>{more}</IsTruncated>{token}{listed}"))
    }

    fn add_part(&mut self, call: &Call<'_>, content: Vec<u8>) -> Option<()> {
        let upload = self.uploads.get_mut(call.parameter("uploadId")?)?;
        upload.parts.insert(call.number("partNumber")?, content);
        Some(())
    }

    /// What a copy takes of another object.
    fn copied(&self, call: &Call<'_>) -> Vec<u8> {
        let source = call.header("x-amz-copy-source").expect("a source");
        let (bucket, key) = source.trim_start_matches('/').split_once('/').expect("a bucket and a key");
        let content = &self.objects[&(bucket.to_owned(), key.to_owned())];
        let range = call.header("x-amz-copy-source-range").expect("a range");
        let range = range.trim_start_matches("bytes=").split_once('-').expect("two ends");
        let (first, last): (usize, usize) =
            (range.0.parse().expect("a number"), range.1.parse().expect("a number"));
        content[first..=last].to_vec()
    }

    fn complete(&mut self, call: &Call<'_>) -> Answer {
        let body = call.body();
        let body = String::from_utf8_lossy(&body);
        let numbers = body.split("<PartNumber>").skip(1).filter_map(|rest| rest.split('<').next());
        let numbers: Vec<usize> = numbers.map(|number| number.parse().expect("a number")).collect();
        let Some(upload) = self.uploads.remove(call.parameter("uploadId").unwrap_or_default()) else {
            return refusal(404, "NoSuchUpload");
        };
        let mut content = Vec::new();
        for (place, number) in numbers.iter().enumerate() {
            let part = &upload.parts[number];
            if part.len() < PART_BYTES_MIN && place + 1 < numbers.len() {
                return refusal(400, "EntityTooSmall");
            }
            content.extend_from_slice(part);
        }
        let answer = xml("CompleteMultipartUploadResult", &format!("<ETag>{}</ETag>", tag(&content)));
        self.objects.insert((upload.bucket, upload.key), content);
        answer
    }
}

impl Answer {
    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn tagged(content: &[u8]) -> Self {
        Self { status: 200, headers: vec![("etag", tag(content))], body: Vec::new() }
    }

    fn of(content: &[u8], is_head: bool) -> Self {
        let headers = vec![
            ("etag", tag(content)),
            ("content-length", content.len().to_string()),
            ("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT".to_owned()),
        ];
        Self { status: 200, headers, body: if is_head { Vec::new() } else { content.to_vec() } }
    }
}

fn xml(name: &str, content: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{content}</{name}>"
    );
    Answer { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>No.</Message></Error>");
    Answer { status, headers: Vec::new(), body: body.into_bytes() }
}

/// Tells contents apart that tests have.
fn tag(content: &[u8]) -> String {
    let sum = content.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    format!("\"{sum:016x}\"")
}
