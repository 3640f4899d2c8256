use std::future::Future;
use std::time::Instant;

use habeas_aws::Buckets;
use habeas_domain::{Place, StoreError};

/// Parts of this size keep well within the time that a copy between regions may take.
const PART_BYTES: u64 = 64 << 20;

/// S3 makes an object of at most this many parts.
const PARTS_MAX: u64 = 10_000;

/// Where archives lie.
pub trait Shelves {
    /// Copies an archive, as far as the time goes, and says whether all of it is
    /// there. A copy that was begun is gone on with.
    fn copy(
        &self,
        from: &Place,
        to: &Place,
        deadline: Instant,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes an archive and what was begun of it. What is not there, is gone already.
    fn remove(&self, place: &Place) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Shelves for Buckets {
    async fn copy(&self, from: &Place, to: &Place, deadline: Instant) -> Result<bool, StoreError> {
        let (source, key) = (from.key.as_str(), to.key.as_str());
        let (from, to) = (self.of(from.residency)?, self.of(to.residency)?);
        let bytes = from.size(source).await?;
        let bytes =
            bytes.ok_or_else(|| StoreError::Unavailable("the archive to move is not there".into()))?;
        if to.size(key).await? == Some(bytes) {
            return Ok(true);
        }
        let upload = to.open_upload(key, "application/zip").await?;
        let there = to.parts(&upload).await?;
        let part_bytes = part_bytes(bytes);
        let (mut tags, mut worked) = (Vec::new(), false);
        for (start, number) in (0..bytes).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX)).zip(1..)
        {
            let range = start..bytes.min(start + part_bytes);
            let is_there =
                |(n, size, _): &&(i32, u64, String)| *n == number && *size == range.end - range.start;
            let tag = match there.iter().find(is_there) {
                Some((_, _, tag)) => tag.clone(),
                // One part is always made, so that a copy comes to its end however late it is.
                None if worked && Instant::now() >= deadline => return Ok(false),
                None => {
                    worked = true;
                    to.copy_part(&upload, number, (from, source), range).await?
                }
            };
            tags.push(tag);
        }
        to.complete_upload(&upload, tags).await?;
        match to.size(key).await? {
            Some(copied) if copied == bytes => Ok(true),
            _ => Err(StoreError::Unavailable("the copy of an archive has another size".into())),
        }
    }

    async fn remove(&self, place: &Place) -> Result<(), StoreError> {
        let bucket = self.of(place.residency)?;
        bucket.abort_uploads(&place.key).await?;
        bucket.delete_versions(&place.key).await
    }
}

fn part_bytes(bytes: u64) -> u64 {
    PART_BYTES.max(bytes.div_ceil(PARTS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_object_of_s3_has_not_too_many_parts() {
        for bytes in [1, PART_BYTES, PART_BYTES + 1, 5 << 40] {
            let parts = bytes.div_ceil(part_bytes(bytes));
            assert!((1..=PARTS_MAX).contains(&parts), "{bytes}: {parts}");
        }
    }
}
