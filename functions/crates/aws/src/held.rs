use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use chrono::{DateTime, Utc};
use habeas_domain::{AccountId, HeldNote, Request, RequestId, StoreError};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{corrupt, unavailable};
use crate::keys::{
    HELD_NOTE, Item, RELEASED, held_chunk_key, held_chunk_range, held_note_key, hold_partition, text,
};
use crate::requests::{WRITES_MAX, unless_conflict};
use crate::table::{moment, parsed};
use crate::{Table, Waiting};

/// What was held of a deletion, with the deletion itself: a hold may stand for
/// longer than the record of a request is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldBefore {
    #[serde(flatten)]
    pub note: HeldNote,
    pub original: Request,
}

impl Table {
    /// Notes what a deletion could not erase, and lists it: the pieces first, the
    /// note last. Told again, it changes nothing that has followed since. Where
    /// one of the holds has been released meanwhile, the note goes into the queue
    /// of the sweep at once; that and a release are conditions on the same
    /// version of the book, so that no release misses a note.
    pub async fn put_held(
        &self,
        note: &HeldNote,
        chunks: Vec<Vec<Value>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for (chunk, targets) in (0_u32..).zip(&chunks) {
            let mut row = held_chunk_key(&note.account, note.request, chunk);
            row.insert("targets".to_owned(), text(serde_json::to_string(targets).map_err(corrupt)?));
            self.write(row).await?;
        }
        let Some(original) = self.request(note.request).await? else { return Err(StoreError::Conflict) };
        let note = HeldNote { chunks: u32::try_from(chunks.len()).map_err(corrupt)?, ..note.clone() };
        for _ in 0..WRITES_MAX {
            let before: Option<HeldNote> = self.read(held_note_key(&note.account, note.request)).await?;
            if before.is_some_and(|before| before.follow_up.is_some()) {
                return Ok(());
            }
            let book = self.hold_book(&note.account).await?;
            // Nothing that nobody holds may wait for a release.
            let is_released = note.holds.is_empty() || book.lacks_any(&note.holds);
            let put = self.note_put(&note, &original, is_released.then_some(now))?;
            let head = self.head_raised(&note.account, &book);
            let condition = match book.version {
                0 => "attribute_not_exists(pk) OR #version = :seen",
                _ => "#version = :seen",
            };
            let head = head.condition_expression(condition).build().map_err(unavailable)?;
            let writes = vec![
                TransactWriteItem::builder().put(put).build(),
                TransactWriteItem::builder().update(head).build(),
            ];
            match self.transact(writes).await {
                Err(StoreError::Conflict) => {}
                written => return written,
            }
        }
        Err(StoreError::Unavailable("others kept writing to the account's holds".into()))
    }

    /// A note whose follow-up is filed stays as it is.
    fn note_put(
        &self,
        note: &HeldNote,
        original: &Request,
        released: Option<DateTime<Utc>>,
    ) -> Result<Put, StoreError> {
        let mut row: Item = serde_dynamo::to_item(note).map_err(corrupt)?;
        row.extend(held_note_key(&note.account, note.request));
        let original = serde_dynamo::to_attribute_value(original.clone().as_filed()).map_err(corrupt)?;
        row.insert("original".to_owned(), original);
        if let Some(now) = released {
            row.insert("queue".to_owned(), text(RELEASED));
            row.insert("queue_at".to_owned(), text(moment(now)));
        }
        self.put(row).condition_expression("attribute_not_exists(follow_up)").build().map_err(unavailable)
    }

    /// All notes of what was held of an account's deletions, oldest first.
    pub async fn held_notes(&self, account: &AccountId) -> Result<Vec<HeldNote>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :holds AND begins_with(sk, :notes)")
            .expression_attribute_values(":holds", text(hold_partition(account)))
            .expression_attribute_values(":notes", text(HELD_NOTE))
            .into_paginator()
            .send();
        let mut notes = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page.map_err(unavailable)?.items.unwrap_or_default() {
                notes.push(parsed(row)?);
            }
        }
        Ok(notes)
    }

    /// What was held of a deletion, as the JSON of each piece, in order. Nothing
    /// where there is no note of it.
    pub async fn held_targets(
        &self,
        account: &AccountId,
        request: RequestId,
    ) -> Result<Vec<String>, StoreError> {
        #[derive(Deserialize)]
        struct Chunk {
            targets: String,
        }
        let note: Option<HeldNote> = self.read(held_note_key(account, request)).await?;
        let mut pieces = Vec::new();
        for chunk in 0..note.map_or(0, |note| note.chunks) {
            let found: Option<Chunk> = self.read(held_chunk_key(account, request, chunk)).await?;
            let missing = || StoreError::Corrupt("a piece of what was held is missing".into());
            pieces.push(found.ok_or_else(missing)?.targets);
        }
        Ok(pieces)
    }

    /// Lets another follow-up be filed at `at`, because the one that was has failed.
    /// Told again, or of a note that is gone, it changes nothing.
    pub async fn reopen_held(
        &self,
        account: &AccountId,
        request: RequestId,
        failed: RequestId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(held_note_key(account, request)))
            .condition_expression("follow_up = :failed")
            .update_expression("SET queue = :queue, queue_at = :at REMOVE follow_up")
            .expression_attribute_values(":failed", text(failed.to_string()))
            .expression_attribute_values(":queue", text(RELEASED))
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        unless_conflict(written)
    }

    /// Forgets what was held of a deletion: the note first, so that none ever
    /// stands without its pieces. Done again, it takes what is left.
    pub async fn remove_held(&self, account: &AccountId, request: RequestId) -> Result<(), StoreError> {
        self.remove(held_note_key(account, request)).await?;
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :holds AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":holds", text(hold_partition(account)))
            .expression_attribute_values(":first", text(held_chunk_range(request, 0)))
            .expression_attribute_values(":last", text(held_chunk_range(request, u32::MAX)))
            .projection_expression("pk, sk")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for key in page.map_err(unavailable)?.items.unwrap_or_default() {
                self.remove(key).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, key: Item) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
        delete.send().await.map_err(unavailable)?;
        Ok(())
    }

    /// Notes of what was held that wait for their follow-up.
    pub async fn released(&self, until: DateTime<Utc>) -> Result<Waiting<HeldBefore>, StoreError> {
        self.queue(RELEASED, until).await
    }

    /// Files the follow-up of a deletion, and says so in the note: both or
    /// neither. `Conflict` where it is filed already. It leaves no mark for twins:
    /// whoever files a deletion of the same people asks for more than what was held.
    pub async fn file_follow_up(&self, follow_up: &Request, of: &HeldNote) -> Result<(), StoreError> {
        let noted = Update::builder()
            .table_name(&self.name)
            .set_key(Some(held_note_key(&of.account, of.request)))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(follow_up)")
            .update_expression("SET follow_up = :id REMOVE queue, queue_at")
            .expression_attribute_values(":id", text(follow_up.id.to_string()))
            .build()
            .map_err(unavailable)?;
        let puts = self.request_puts(follow_up)?.into_iter();
        let mut writes: Vec<_> = puts.map(|put| TransactWriteItem::builder().put(put).build()).collect();
        writes.push(TransactWriteItem::builder().update(noted).build());
        self.transact(writes).await
    }
}
