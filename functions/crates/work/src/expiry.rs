use chrono::{DateTime, Utc};
use habeas_aws::{Buckets, Table, WorkKeys};
use habeas_domain::{RequestId, StoreError};

/// Ends what was kept for a limited time. Called twice, or by two at once, it
/// does nothing more than once.
#[derive(Debug, Clone)]
pub struct Expiry {
    pub table: Table,
    pub archives: Buckets,
}

impl Expiry {
    /// Removes an archive, wherever it was moved, and says whether it was the
    /// first to. That it is gone is written down first, so that no move brings
    /// it back meanwhile; the note goes last: while it is there, the next sweep
    /// tries again.
    pub async fn expire(&self, id: RequestId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.remove(id, None, now).await
    }

    /// The same before its time, because of a deletion.
    pub async fn withdraw(
        &self,
        id: RequestId,
        by: RequestId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.remove(id, Some(by), now).await
    }

    async fn remove(
        &self,
        id: RequestId,
        by: Option<RequestId>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let request = self.table.request(id).await?;
        if let Some(archive) = request.and_then(|request| request.archive) {
            // A place that nobody can get at must not pass for empty.
            self.archives.of(archive.residency)?;
        }
        let first = self.table.note_removal(id, by, now).await?;
        for bucket in self.archives.all() {
            bucket.delete_versions_under(&WorkKeys::archives(id)).await?;
        }
        self.table.remove_archive(id).await?;
        Ok(first)
    }
}
