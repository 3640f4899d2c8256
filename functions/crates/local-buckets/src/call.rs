use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// A call of S3, with the bucket in its path.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    request: &'a HttpRequest,
    pub(crate) bucket: String,
    pub(crate) key: String,
    query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        let uri = request.uri();
        let behind_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let (path, query) = behind_scheme.split_once('?').unwrap_or((behind_scheme, ""));
        let path = path.split_once('/').map_or("", |(_, path)| path);
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        Self { request, bucket: decoded(bucket), key: decoded(key), query }
    }

    /// What S3 calls it.
    pub(crate) fn operation(&self) -> &'static str {
        let has = |name| self.parameter(name).is_some();
        match self.request.method() {
            "PUT" if has("uploadId") && self.header("x-amz-copy-source").is_some() => "UploadPartCopy",
            "PUT" if has("uploadId") => "UploadPart",
            "PUT" => "PutObject",
            "POST" if has("uploads") => "CreateMultipartUpload",
            "POST" if has("uploadId") => "CompleteMultipartUpload",
            "GET" if has("uploads") => "ListMultipartUploads",
            "GET" if has("uploadId") => "ListParts",
            "GET" if has("list-type") => "ListObjectsV2",
            "GET" => "GetObject",
            "HEAD" => "HeadObject",
            "DELETE" if has("uploadId") => "AbortMultipartUpload",
            _ => "another",
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.parameter(name)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        self.request.body().bytes().unwrap_or_default().to_vec()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| *first == b'%').and_then(|two| str::from_utf8(two).ok());
        match escaped.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
