use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use aws_credential_types::Credentials;
use habeas_aws::{Aws, Bucket, WorkKeys};
use habeas_domain::RequestId;

use crate::Outcome;

/// The credentials that the store knows.
pub(crate) const KEY_ID: &str = "ASIAEXAMPLEEXAMPLEEX";
pub(crate) const SECRET: &str = "example";
pub(crate) const REGION: &str = "us-east-1";

/// The buckets of one run. Their names are those of no run before it, whatever
/// the store still has of one.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) work: String,
    pub(crate) archives: String,
    aws: Aws,
}

impl Buckets {
    pub(crate) async fn create(store: SocketAddr) -> Outcome<Self> {
        let credentials = Credentials::new(KEY_ID, SECRET, None, None, "bench");
        let aws = Aws::new(credentials, REGION.to_owned(), Some(format!("http://{store}")));
        let run = std::process::id();
        let buckets = Self { work: format!("work-{run}"), archives: format!("archives-{run}"), aws };
        for bucket in [&buckets.work, &buckets.archives] {
            buckets.aws.s3().create_bucket().bucket(bucket).send().await?;
        }
        Ok(buckets)
    }

    /// How many segments a request has by now.
    pub(crate) async fn segments(&self, request: RequestId) -> Outcome<usize> {
        let bucket = Bucket::new(&self.aws, self.work.clone());
        Ok(bucket.list(&WorkKeys::new(request).segments()).await?.len())
    }

    /// Removes a bucket with all that is in it. The store gives the room back then,
    /// which it does not do for objects that are deleted.
    pub(crate) async fn remove(&self, bucket: &str) -> Outcome {
        self.aws.s3().delete_bucket().bucket(bucket).send().await?;
        Ok(())
    }

    /// Writes the archive into a file.
    pub(crate) async fn download(&self, key: &str, file: &Path) -> Outcome {
        let bucket = Bucket::new(&self.aws, self.archives.clone());
        let mut archive = bucket.open(key, None).await?.ok_or("the archive is not where it was put")?;
        let mut written = 0;
        let mut to = File::create(file)?;
        while let Some(piece) = archive.next().await? {
            to.write_all(piece.as_ref())?;
            written += piece.as_ref().len() as u64;
        }
        if written != archive.bytes {
            return Err(format!("{written} bytes of the archive came, of {}", archive.bytes).into());
        }
        Ok(())
    }
}
