use std::collections::BTreeMap;

use super::xml::{self, escaped};
use super::{Bucket, Call, error, tag};
use crate::connector::Answer;

/// S3 rejects smaller parts, the last one aside.
const PART_BYTES_MIN: usize = 5 << 20;

#[derive(Debug)]
pub(super) struct Upload {
    pub key: String,
    content_type: String,
    /// By number.
    parts: BTreeMap<u32, Vec<u8>>,
}

/// The bytes that a part is to be made of, where they are there.
pub(super) fn copied(buckets: &BTreeMap<String, Bucket>, call: &Call) -> Option<Vec<u8>> {
    let source = call.header("x-amz-copy-source").expect("a source");
    let (bucket, key) = source.trim_start_matches('/').split_once('/').expect("a bucket and a key");
    let content = buckets.get(bucket)?.current(key)?.content.as_ref()?;
    let range = call.header("x-amz-copy-source-range").expect("a range");
    let (first, last) = range.trim_start_matches("bytes=").split_once('-').expect("a first and a last");
    let [first, last] = [first, last].map(|end| end.parse::<usize>().expect("a number"));
    content.get(first..=last).map(<[u8]>::to_vec)
}

/// Objects made of parts.
impl Bucket {
    pub(super) fn create_upload(&mut self, call: &Call) -> Answer {
        let id = format!("upload-{}", self.next_id());
        let content_type = call.header("content-type").unwrap_or_default().to_owned();
        let upload = Upload { key: call.key.clone(), content_type, parts: BTreeMap::new() };
        self.uploads.insert(id.clone(), upload);
        Answer::ok(format!(
            "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        ))
    }

    fn upload(&mut self, call: &Call) -> Option<&mut Upload> {
        self.uploads.get_mut(call.query("uploadId")?)
    }

    pub(super) fn add_part(&mut self, call: &Call, content: Option<Vec<u8>>) -> Answer {
        let number = call.query("partNumber").expect("a number").parse().expect("a number");
        let Some(upload) = self.upload(call) else { return error(404, "NoSuchUpload") };
        let Some(content) = content else { return error(404, "NoSuchKey") };
        let tag = tag(&content);
        upload.parts.insert(number, content);
        let body = format!("<CopyPartResult><ETag>{}</ETag></CopyPartResult>", escaped(&tag));
        Answer::ok(body).with("etag", tag)
    }

    pub(super) fn complete_upload(&mut self, call: &Call) -> Answer {
        let Some(id) = call.query("uploadId").filter(|id| self.uploads.contains_key(*id)) else {
            return error(404, "NoSuchUpload");
        };
        let upload = &self.uploads[id];
        let mut content = Vec::new();
        let parts = xml::elements(&call.body, "Part");
        for (place, part) in (1..).zip(&parts) {
            let number: u32 = xml::element(part, "PartNumber").expect("a number").parse().expect("a number");
            let given = xml::element(part, "ETag");
            let Some(kept) = upload.parts.get(&number).filter(|kept| given == Some(tag(kept))) else {
                return error(400, "InvalidPart");
            };
            if kept.len() < PART_BYTES_MIN && place < parts.len() {
                return error(400, "EntityTooSmall");
            }
            content.extend_from_slice(kept);
        }
        let upload = self.uploads.remove(id).expect("the upload");
        self.put(&upload.key, Some(content), upload.content_type);
        Answer::ok("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
    }

    pub(super) fn abort_upload(&mut self, call: &Call) -> Answer {
        match call.query("uploadId").and_then(|id| self.uploads.remove(id)) {
            Some(_) => Answer { status: 204, ..Answer::default() },
            None => error(404, "NoSuchUpload"),
        }
    }

    pub(super) fn list_uploads(&self, call: &Call) -> Answer {
        let prefix = call.query("prefix").unwrap_or_default();
        let uploads = self.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix));
        let uploads: String = uploads
            .map(|(id, upload)| {
                format!("<Upload><Key>{}</Key><UploadId>{id}</UploadId></Upload>", escaped(&upload.key))
            })
            .collect();
        Answer::ok(format!(
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{uploads}</ListMultipartUploadsResult>"
        ))
    }

    pub(super) fn list_parts(&mut self, call: &Call) -> Answer {
        let Some(upload) = self.upload(call) else { return error(404, "NoSuchUpload") };
        let parts = upload.parts.iter().map(|(number, content)| {
            let (size, tag) = (content.len(), escaped(&tag(content)));
            format!("<Part><PartNumber>{number}</PartNumber><Size>{size}</Size><ETag>{tag}</ETag></Part>")
        });
        let parts: String = parts.collect();
        Answer::ok(format!("<ListPartsResult><IsTruncated>false</IsTruncated>{parts}</ListPartsResult>"))
    }
}
