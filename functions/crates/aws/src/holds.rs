use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use chrono::{DateTime, Utc};
use habeas_domain::{AccountId, Hold, HoldBook, Released, RequestId, StoreError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{
    HOLD_HEAD, Item, LAST_HOLD, RELEASED, RELEASED_HOLD, held_note_key, hold_head_key, hold_key,
    hold_partition, released_hold_key, text,
};
use crate::requests::{outcome, unless_conflict};
use crate::settings::number;
use crate::table::{moment, parsed};

/// A transaction takes a hundred writes; the hold, its head and its remembrance
/// are three of them.
const NOTES_AT_ONCE_MAX: usize = 90;

/// How many holds that were released are shown: the last ones.
const RELEASED_SHOWN_MAX: i32 = 200;

#[derive(Deserialize)]
struct Head {
    version: u64,
    erasing: BTreeMap<String, u64>,
}

impl Table {
    /// What an account holds, as of now. The head is read first: whatever is
    /// placed or released while the holds are read makes the version an old one.
    pub async fn hold_book(&self, account: &AccountId) -> Result<HoldBook, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :holds AND sk BETWEEN :head AND :last")
            .expression_attribute_values(":holds", text(hold_partition(account)))
            .expression_attribute_values(":head", text(HOLD_HEAD))
            .expression_attribute_values(":last", text(LAST_HOLD))
            .into_paginator()
            .send();
        let mut book = HoldBook::default();
        while let Some(page) = pages.next().await {
            for row in page.map_err(unavailable)?.items.unwrap_or_default() {
                if row.get("sk") == Some(&text(HOLD_HEAD)) {
                    let Head { version, erasing } = parsed(row)?;
                    (book.version, book.erasing) = (version, requests(erasing)?);
                } else {
                    book.holds.push(of_account(account, row)?);
                }
            }
        }
        Ok(book)
    }

    /// Holds that are no longer, the last ones that were placed first.
    pub async fn released_holds(&self, account: &AccountId) -> Result<Vec<Released>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :holds AND begins_with(sk, :released)")
            .expression_attribute_values(":holds", text(hold_partition(account)))
            .expression_attribute_values(":released", text(RELEASED_HOLD))
            .scan_index_forward(false)
            .limit(RELEASED_SHOWN_MAX)
            .send()
            .await
            .map_err(unavailable)?;
        output.items.unwrap_or_default().into_iter().map(|row| of_account(account, row)).collect()
    }

    /// Places a hold on the condition that the book is the one that was seen, and
    /// that the same deletions are erasing: `Conflict` otherwise. So whoever has
    /// placed it knows exactly for which it came too late.
    pub async fn place_hold(&self, hold: &Hold, seen: &HoldBook) -> Result<(), StoreError> {
        let mut row = without_account(serde_dynamo::to_item(hold).map_err(corrupt)?);
        row.extend(hold_key(&hold.account, hold.id));
        let put = self.put(row).condition_expression("attribute_not_exists(pk)");
        let is_same = "(#version = :seen AND erasing = :erasing)";
        let condition = match seen.version == 0 && seen.erasing.is_empty() {
            true => format!("attribute_not_exists(pk) OR {is_same}"),
            false => is_same.to_owned(),
        };
        let head = self
            .head_raised(&hold.account, seen)
            .condition_expression(condition)
            .expression_attribute_values(":erasing", erasing(&seen.erasing));
        self.transact(vec![
            TransactWriteItem::builder().put(put.build().map_err(unavailable)?).build(),
            TransactWriteItem::builder().update(head.build().map_err(unavailable)?).build(),
        ])
        .await
    }

    /// A deletion begins to erase by the book that was seen. `Conflict` where the
    /// book has changed: then nothing is erased before it is looked at again.
    pub async fn begin_erasing(
        &self,
        account: &AccountId,
        request: RequestId,
        seen: &HoldBook,
    ) -> Result<(), StoreError> {
        if seen.version == 0 {
            match self.first_erasing(account, request).await {
                // Somebody else was first to write a head, of the same version perhaps.
                Err(StoreError::Conflict) => {}
                written => return written,
            }
        }
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(hold_head_key(account)))
            .condition_expression("#version = :seen")
            .update_expression("SET erasing.#request = :seen")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#request", request.to_string())
            .expression_attribute_values(":seen", number(seen.version))
            .send()
            .await;
        outcome(written)
    }

    /// Whether a deletion that has begun to erase may go on: when it has failed it
    /// may not, and holds that are placed from then on come in time.
    pub async fn may_erase(&self, account: &AccountId, request: RequestId) -> Result<bool, StoreError> {
        let head: Option<Head> = self.read(hold_head_key(account)).await?;
        Ok(head.is_some_and(|head| head.erasing.contains_key(&request.to_string())))
    }

    /// The first that an account's head is written for.
    async fn first_erasing(&self, account: &AccountId, request: RequestId) -> Result<(), StoreError> {
        let mut row = hold_head_key(account);
        row.insert("version".to_owned(), number(0));
        row.insert("erasing".to_owned(), erasing(&BTreeMap::from([(request, 0)])));
        let put = self.put(row).condition_expression("attribute_not_exists(pk)");
        let put = put.build().map_err(unavailable)?;
        self.transact(vec![TransactWriteItem::builder().put(put).build()]).await
    }

    /// A deletion erases no more. Told again, it changes nothing.
    pub async fn end_erasing(&self, account: &AccountId, request: RequestId) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(hold_head_key(account)))
            .condition_expression("attribute_exists(erasing.#request)")
            .update_expression("REMOVE erasing.#request")
            .expression_attribute_names("#request", request.to_string())
            .send()
            .await;
        unless_conflict(written)
    }

    /// Releases a hold, remembers it as released, and puts the notes of what it
    /// held into the queue of the sweep. `Conflict` where the book is not the one
    /// that was seen, or a note has got its follow-up meanwhile. Where there are
    /// too many notes for one transaction, the hold goes with the last: whoever
    /// breaks off before has released nothing, and can begin again.
    pub async fn release_hold(
        &self,
        released: &Released,
        seen: &HoldBook,
        affected: &[RequestId],
    ) -> Result<(), StoreError> {
        let (hold, now) = (&released.hold, released.released_at);
        let mut passes = affected.chunks(NOTES_AT_ONCE_MAX).peekable();
        while let Some(pass) = passes.next_if(|pass| pass.len() == NOTES_AT_ONCE_MAX) {
            let mut writes = self.notes_queued(&hold.account, pass, now)?;
            writes.push(TransactWriteItem::builder().condition_check(self.head_check(hold, seen)?).build());
            self.transact(writes).await?;
        }
        let mut writes = self.notes_queued(&hold.account, passes.next().unwrap_or_default(), now)?;
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(hold_key(&hold.account, hold.id)))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(unavailable)?;
        let head = self.head_raised(&hold.account, seen).condition_expression("#version = :seen");
        let mut row = without_account(serde_dynamo::to_item(released).map_err(corrupt)?);
        row.extend(released_hold_key(&hold.account, hold.id));
        row.insert("ttl".to_owned(), self.record_ttl(now));
        writes.extend([
            TransactWriteItem::builder().delete(delete).build(),
            TransactWriteItem::builder().update(head.build().map_err(unavailable)?).build(),
            TransactWriteItem::builder().put(self.put(row).build().map_err(unavailable)?).build(),
        ]);
        self.transact(writes).await
    }

    fn notes_queued(
        &self,
        account: &AccountId,
        requests: &[RequestId],
        now: DateTime<Utc>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let queued = |request: &RequestId| {
            let update = Update::builder()
                .table_name(&self.name)
                .set_key(Some(held_note_key(account, *request)))
                .condition_expression("attribute_exists(pk) AND attribute_not_exists(follow_up)")
                .update_expression("SET queue = :queue, queue_at = :now")
                .expression_attribute_values(":queue", text(RELEASED))
                .expression_attribute_values(":now", text(moment(now)))
                .build()
                .map_err(unavailable)?;
            Ok(TransactWriteItem::builder().update(update).build())
        };
        requests.iter().map(queued).collect()
    }

    /// The head with the version after the one that was seen, which is a
    /// condition to add. What is erasing stays as it is.
    pub(crate) fn head_raised(&self, account: &AccountId, seen: &HoldBook) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(hold_head_key(account)))
            .update_expression("SET #version = :next, erasing = if_not_exists(erasing, :nothing)")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":seen", number(seen.version))
            .expression_attribute_values(":next", number(seen.version + 1))
            .expression_attribute_values(":nothing", AttributeValue::M(HashMap::new()))
    }

    fn head_check(&self, hold: &Hold, seen: &HoldBook) -> Result<ConditionCheck, StoreError> {
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(hold_head_key(&hold.account)))
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":seen", number(seen.version))
            .build()
            .map_err(unavailable)
    }
}

/// Rows with an account and an id stand in the index of an account's requests:
/// a hold says whose it is in its key alone.
fn without_account(mut row: Item) -> Item {
    row.remove("account");
    row
}

fn of_account<T: DeserializeOwned>(account: &AccountId, mut row: Item) -> Result<T, StoreError> {
    row.insert("account".to_owned(), text(account.as_str()));
    parsed(row)
}

fn requests(erasing: BTreeMap<String, u64>) -> Result<BTreeMap<RequestId, u64>, StoreError> {
    let parsed = erasing.into_iter().map(|(id, version)| RequestId::parse(&id).map(|id| (id, version)));
    parsed.collect::<Result<_, _>>().map_err(corrupt)
}

fn erasing(requests: &BTreeMap<RequestId, u64>) -> AttributeValue {
    AttributeValue::M(requests.iter().map(|(id, version)| (id.to_string(), number(*version))).collect())
}
