use habeas_aws::{Aws, Bucket};

use crate::SourceError;

/// Files are compressed whole, in memory; a larger one is refused, not cut.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The connector to S3 buckets of the operator's product.
#[derive(Debug, Clone)]
pub struct S3 {
    aws: Aws,
}

impl S3 {
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// A file's content, or nothing where the record points to a file that is not there.
    pub async fn read(&self, source: &str, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let bucket = self.bucket(bucket);
        let fault = |cause| SourceError::unavailable(source, cause);
        let Some(bytes) = bucket.size(key).await.map_err(fault)? else { return Ok(None) };
        if bytes > FILE_BYTES_MAX {
            return Err(SourceError::TooLarge {
                source_name: source.to_owned(),
                limit_mib: FILE_BYTES_MAX >> 20,
            });
        }
        bucket.get(key).await.map_err(fault)
    }

    /// Deletes every version of a file. Says whether there was any.
    pub(crate) async fn erase(&self, source: &str, bucket: &str, key: &str) -> Result<bool, SourceError> {
        let held = self.holds(source, bucket, key).await?;
        if held {
            let fault = |cause| SourceError::unavailable(source, cause);
            self.bucket(bucket).delete_versions(key).await.map_err(fault)?;
        }
        Ok(held)
    }

    /// Whether any version of a file, or a marker of its deletion, is left.
    pub async fn holds(&self, source: &str, bucket: &str, key: &str) -> Result<bool, SourceError> {
        let fault = |cause| SourceError::unavailable(source, cause);
        self.bucket(bucket).has_versions(key).await.map_err(fault)
    }

    fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.aws, name.to_owned())
    }
}
