use chrono::{DateTime, TimeDelta, Utc};
use habeas_domain::{AccountId, Archive, EmailAddress, Request, RequestId, StoreError};
use serde::Deserialize;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{ARCHIVES, Item, about_key, archive_key, text};
use crate::requests::{WRITES_MAX, unless_conflict};
use crate::table::{moment, ttl};

/// The note that an archive exists. Its removal by DynamoDB's time to live, or
/// by the sweep, is the archive's expiry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ArchiveNote {
    pub account: AccountId,
    pub request: RequestId,
    pub expires_at: DateTime<Utc>,
}

impl ArchiveNote {
    /// How long before its end people are told that an archive goes.
    pub const NOTICE: TimeDelta = TimeDelta::days(7);
}

impl Table {
    /// Notes an archive that is finished at `now`. One that is kept for no longer
    /// than the notice is looked at when it has expired, and not announced.
    pub async fn put_archive(
        &self,
        request: &Request,
        archive: &Archive,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let notice = Some(archive.expires_at - ArchiveNote::NOTICE).filter(|notice| *notice > now);
        let mut item: Item = serde_dynamo::to_item(archive).map_err(corrupt)?;
        item.extend(archive_key(request.id));
        item.insert("account".to_owned(), text(request.account.as_str()));
        item.insert("request".to_owned(), text(request.id.to_string()));
        item.insert("queue".to_owned(), text(ARCHIVES));
        item.insert("queue_at".to_owned(), text(moment(notice.unwrap_or(archive.expires_at))));
        item.insert("ttl".to_owned(), ttl(archive.expires_at));
        self.write(item).await
    }

    /// The archive is looked at again at `at`.
    pub async fn look_at_archive(&self, note: &ArchiveNote, at: DateTime<Utc>) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(archive_key(note.request)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET queue_at = :at")
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        unless_conflict(written)
    }

    /// Removes the note of an archive, once its object is gone.
    pub async fn remove_archive(&self, id: RequestId) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(archive_key(id)))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Stores in the request's row and timeline that its archive is gone: by its
    /// time, or by a deletion. Told twice, it does nothing the second time. Says
    /// whether it did.
    pub async fn note_removal(
        &self,
        id: RequestId,
        by: Option<RequestId>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        for _ in 0..WRITES_MAX {
            let Some(request) = self.request(id).await? else { return Ok(false) };
            let removed = match by {
                Some(by) => request.with_archive_withdrawn(by, at),
                None => request.with_archive_removed(at),
            };
            let Some(removed) = removed else { return Ok(false) };
            let Some(archive) = &removed.archive else { return Ok(false) };
            match self.mark_removed(&removed, archive).await {
                Err(StoreError::Conflict) => {}
                written => return written.map(|()| true),
            }
        }
        Err(StoreError::Unavailable("others kept writing to the request".into()))
    }

    /// Forgets whom a request was about, when its record is gone.
    pub async fn forget_subjects(
        &self,
        account: &AccountId,
        id: RequestId,
        subjects: &[EmailAddress],
    ) -> Result<(), StoreError> {
        for subject in subjects {
            self.client
                .delete_item()
                .table_name(&self.name)
                .set_key(Some(about_key(account, subject, id)))
                .send()
                .await
                .map_err(unavailable)?;
        }
        Ok(())
    }
}
