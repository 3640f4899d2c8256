use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, Utc};
use habeas_domain::{Archive, Archives, StoreError};

use crate::Buckets;
use crate::error::unavailable;

/// The buckets of finished archives.
impl Archives for Buckets {
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
        let bucket = self.of(archive.residency)?;
        let request = bucket
            .client
            .get_object()
            .bucket(&bucket.name)
            .key(&archive.key)
            .response_content_type("application/zip")
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(presigning)
            .await
            .map_err(unavailable)?;
        Ok(request.uri().to_owned())
    }
}
