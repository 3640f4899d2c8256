use std::collections::BTreeMap;

use serde::Serialize;

use crate::http::Head;

/// What went between a function and the store.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Traffic {
    /// By operation.
    calls: BTreeMap<&'static str, u64>,
    /// Bytes of bodies, both ways.
    through: u64,
    /// The longest body.
    longest: u64,
}

impl Traffic {
    /// Counts a call with the bytes of its body and of its answer's.
    pub(crate) fn count(&mut self, call: &Head, up: u64, down: u64) {
        *self.calls.entry(operation(call)).or_default() += 1;
        self.through += up + down;
        self.longest = self.longest.max(up).max(down);
    }
}

/// What S3 calls it.
fn operation(call: &Head) -> &'static str {
    let has = |name| call.parameter(name).is_some();
    let is_of_object = call.path().trim_matches('/').contains('/');
    let is_copy = call.header("x-amz-copy-source").is_some();
    match (call.call().0, is_of_object) {
        ("PUT", true) if has("partNumber") && is_copy => "UploadPartCopy",
        ("PUT", true) if has("partNumber") => "UploadPart",
        ("PUT", true) => "PutObject",
        ("POST", true) if has("uploads") => "CreateMultipartUpload",
        ("POST", true) => "CompleteMultipartUpload",
        ("GET", true) if has("uploadId") => "ListParts",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("GET", false) if has("uploads") => "ListMultipartUploads",
        ("GET", false) => "ListObjectsV2",
        _ => "others",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_apart_by_method_path_and_parameters() {
        for (call, expected) in [
            (
                "PUT /archives/a.zip?partNumber=1&uploadId=x HTTP/1.1\r\nx-amz-copy-source: w/s",
                "UploadPartCopy",
            ),
            ("PUT /archives/a.zip?partNumber=1&uploadId=x HTTP/1.1", "UploadPart"),
            ("PUT /work/index/1?x-id=PutObject HTTP/1.1", "PutObject"),
            ("POST /archives/a.zip?uploads HTTP/1.1", "CreateMultipartUpload"),
            ("POST /archives/a.zip?uploadId=x HTTP/1.1", "CompleteMultipartUpload"),
            ("GET /archives/a.zip?uploadId=x HTTP/1.1", "ListParts"),
            ("GET /work/index/1 HTTP/1.1", "GetObject"),
            ("GET /archives?uploads&prefix=archives%2Fa HTTP/1.1", "ListMultipartUploads"),
            ("GET /work/?list-type=2&prefix=index%2F HTTP/1.1", "ListObjectsV2"),
            ("DELETE /work/index/1 HTTP/1.1", "others"),
        ] {
            let head = Head::read(&mut format!("{call}\r\n\r\n").as_bytes()).unwrap().unwrap();
            assert_eq!(operation(&head), expected, "{call}");
        }
    }

    #[test]
    fn bytes_count_both_ways() {
        let head = Head::read(&mut b"GET /work/a HTTP/1.1\r\n\r\n".as_slice()).unwrap().unwrap();
        let mut traffic = Traffic::default();
        traffic.count(&head, 3, 5);
        traffic.count(&head, 4, 0);
        assert_eq!((traffic.through, traffic.longest, traffic.calls["GetObject"]), (12, 5, 2));
    }
}
