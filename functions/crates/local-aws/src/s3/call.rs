use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use percent_encoding::percent_decode_str;

/// What is asked of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    PutObject,
    GetObject,
    HeadObject,
    GetObjectTagging,
    DeleteObjects,
    ListObjectsV2,
    ListObjectVersions,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListMultipartUploads,
    ListParts,
}

/// A call, taken apart.
#[derive(Debug)]
pub(crate) struct Call {
    pub operation: Operation,
    pub bucket: String,
    /// Empty where the call is about the bucket.
    pub key: String,
    pub body: Vec<u8>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn of(request: &HttpRequest, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().expect("a path");
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        let headers = request.headers().iter();
        let mut call = Self {
            operation: Operation::GetObject,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            body: request.body().bytes().expect("a body in memory").to_vec(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        };
        call.operation = call.operation(request.method());
        call
    }

    fn operation(&self, method: &str) -> Operation {
        let asks = |name| self.query(name).is_some();
        match (method, self.key.is_empty()) {
            ("GET", true) if asks("uploads") => Operation::ListMultipartUploads,
            ("GET", true) if asks("versions") => Operation::ListObjectVersions,
            ("GET", true) => Operation::ListObjectsV2,
            ("POST", true) if asks("delete") => Operation::DeleteObjects,
            ("POST", false) if asks("uploads") => Operation::CreateMultipartUpload,
            ("POST", false) if asks("uploadId") => Operation::CompleteMultipartUpload,
            ("PUT", false) if self.header("x-amz-copy-source").is_some() => Operation::UploadPartCopy,
            ("PUT", false) if asks("uploadId") => Operation::UploadPart,
            ("PUT", false) => Operation::PutObject,
            ("DELETE", false) if asks("uploadId") => Operation::AbortMultipartUpload,
            ("GET", false) if asks("uploadId") => Operation::ListParts,
            ("GET", false) if asks("tagging") => Operation::GetObjectTagging,
            ("GET", false) => Operation::GetObject,
            ("HEAD", false) => Operation::HeadObject,
            _ => panic!("S3 has no such operation here: {method} with {:?}", self.query),
        }
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// How many entries a page may have.
    pub(crate) fn page(&self) -> usize {
        self.query("max-keys").map_or(1_000, |max| max.parse().expect("a number"))
    }
}
