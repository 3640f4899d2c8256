use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, Utc};
use habeas_domain::{Archive, Archives, StoreError};

use crate::Aws;
use crate::error::unavailable;

/// The bucket of finished archives, as the download function sees it.
#[derive(Debug, Clone)]
pub struct ArchiveBucket {
    client: Client,
    bucket: String,
}

impl ArchiveBucket {
    #[must_use]
    pub fn new(aws: &Aws, bucket: String) -> Self {
        Self { client: aws.s3(), bucket }
    }
}

impl Archives for ArchiveBucket {
    async fn mint_link(
        &self,
        archive: &Archive,
        file_name: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let lifetime = (until - now).to_std().unwrap_or(Duration::ZERO);
        let presigning = PresigningConfig::builder()
            .start_time(SystemTime::from(now))
            .expires_in(lifetime)
            .build()
            .map_err(unavailable)?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&archive.key)
            .response_content_type("application/zip")
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(presigning)
            .await
            .map_err(unavailable)?;
        Ok(request.uri().to_owned())
    }
}
