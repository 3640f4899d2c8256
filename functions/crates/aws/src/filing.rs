use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};
use habeas_domain::{AccountId, Filing, Guards, RequestId, Slots, StoreError};
use serde::Deserialize;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{
    Item, OPEN, about_key, account_key, answer_key, request_key, requestor_partition, text, twin_key,
};
use crate::table::{moment, parsed, take, ttl};

/// A twin counts while its request is open, and no request is open for longer.
const TWIN_KEPT: TimeDelta = TimeDelta::days(60);

#[derive(Deserialize)]
struct Twin {
    request: RequestId,
}

impl Table {
    pub(crate) async fn read_guards(&self, account: &AccountId, slots: &Slots) -> Result<Guards, StoreError> {
        let mut keys = vec![account_key(account), twin_key(&slots.twin)];
        keys.extend(slots.answer.as_ref().map(answer_key));
        let mut rows = self.read_all(keys).await?;
        let answer = slots.answer.as_ref().and_then(|slot| take(&mut rows, &answer_key(slot)));
        let twin = take(&mut rows, &twin_key(&slots.twin)).map(parsed::<Twin>).transpose()?;
        Ok(Guards {
            account: take(&mut rows, &account_key(account)).map(parsed).transpose()?,
            answered: answer.map(parsed).transpose()?,
            twin: twin.map(|twin| twin.request),
        })
    }

    /// The request, its first event, the answer to its key, the mark for twins
    /// and a row for each person it is about: one transaction.
    pub(crate) async fn write_filing(&self, filing: &Filing) -> Result<(), StoreError> {
        let mut puts = vec![self.request_put(filing)?, self.twin_put(filing)?];
        puts.extend(self.answer_put(filing)?);
        for subject in &filing.request.subjects {
            let mut row = about_key(&filing.request.account, subject, filing.request.id);
            row.insert("ttl".to_owned(), self.record_ttl(filing.request.due_at + TWIN_KEPT));
            puts.push(self.put(row).build().map_err(unavailable)?);
        }
        let writes = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        // The SDK makes a token for the transaction, so that its own retry is not a second one.
        let written = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled))
                    if canceled.cancellation_reasons().iter().any(|reason| {
                        matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
                    }) =>
                {
                    Err(StoreError::Conflict)
                }
                _ => Err(unavailable(error)),
            },
        }
    }

    fn request_put(&self, filing: &Filing) -> Result<Put, StoreError> {
        let request = &filing.request;
        let mut item: Item = serde_dynamo::to_item(request).map_err(corrupt)?;
        item.extend(request_key(request.id));
        item.insert("head".to_owned(), text(request.timeline.head()));
        let by = requestor_partition(&request.account, &request.requestor.email);
        item.insert("requestor_pk".to_owned(), text(by));
        item.insert("queue".to_owned(), text(OPEN));
        item.insert("queue_at".to_owned(), text(moment(request.created_at)));
        self.put(item).condition_expression("attribute_not_exists(pk)").build().map_err(unavailable)
    }

    fn twin_put(&self, filing: &Filing) -> Result<Put, StoreError> {
        let mut item = self.mark(twin_key(&filing.slots.twin), filing, filing.request.due_at + TWIN_KEPT);
        item.remove("until");
        let put = self.put(item);
        let put = match filing.replaces {
            Some(other) => put
                .condition_expression("attribute_not_exists(pk) OR #request = :other")
                .expression_attribute_names("#request", "request")
                .expression_attribute_values(":other", text(other.to_string())),
            None => put.condition_expression("attribute_not_exists(pk)"),
        };
        put.build().map_err(unavailable)
    }

    fn answer_put(&self, filing: &Filing) -> Result<Option<Put>, StoreError> {
        let Some(slot) = &filing.slots.answer else { return Ok(None) };
        let answered = filing.answered();
        let mut item = self.mark(answer_key(slot), filing, answered.until);
        item.insert("fingerprint".to_owned(), text(answered.fingerprint.as_str()));
        let put = self
            .put(item)
            .condition_expression("attribute_not_exists(pk) OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", text(moment(filing.request.created_at)));
        put.build().map(Some).map_err(unavailable)
    }

    fn mark(&self, key: Item, filing: &Filing, until: DateTime<Utc>) -> Item {
        let mut item = key;
        item.insert("request".to_owned(), text(filing.request.id.to_string()));
        item.insert("until".to_owned(), text(moment(until)));
        item.insert("ttl".to_owned(), ttl(until));
        item
    }

    fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.name).set_item(Some(item))
    }
}
