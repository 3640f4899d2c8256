use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use habeas_domain::StoreError;
use serde::de::DeserializeOwned;

use crate::Aws;
use crate::error::{corrupt, unavailable};
use crate::keys::Item;

/// How often what DynamoDB left of a batch is sent again.
const BATCH_ATTEMPTS_MAX: u32 = 8;

/// Habeas's one table. What it does for each port stands in a file of its own.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    /// How long the record of a request is kept after its end.
    record: TimeDelta,
}

impl Table {
    #[must_use]
    pub fn new(aws: &Aws, name: String, record: TimeDelta) -> Self {
        Self::on(aws.dynamodb(), name, record)
    }

    /// A table behind any client: tests have one without a network.
    #[must_use]
    pub fn on(client: Client, name: String, record: TimeDelta) -> Self {
        Self { client, name, record }
    }

    /// When DynamoDB may remove what is about a request that ended at `end`.
    pub(crate) fn record_ttl(&self, end: DateTime<Utc>) -> AttributeValue {
        ttl(end + self.record)
    }

    /// Reads one row, as of now.
    pub(crate) async fn read<T: DeserializeOwned>(&self, key: Item) -> Result<Option<T>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        output.item.map(parsed).transpose()
    }

    /// Reads up to a hundred rows at once, as of now and in no order.
    pub(crate) async fn read_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut pending = Some(
            KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(unavailable)?,
        );
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let Some(batch) = pending.take() else { return Ok(found) };
            let output = self
                .client
                .batch_get_item()
                .request_items(&self.name, batch)
                .send()
                .await
                .map_err(unavailable)?;
            found.extend(output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default());
            pending = output.unprocessed_keys.unwrap_or_default().remove(&self.name);
        }
        if pending.is_none() { Ok(found) } else { Err(overloaded()) }
    }

    pub(crate) fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.name).set_item(Some(item))
    }

    /// Writes all or nothing. `Conflict` where a condition does not hold, or
    /// somebody else is writing to one of the rows.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), StoreError> {
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

    /// Stores one row, whatever was there.
    pub(crate) async fn write(&self, item: Item) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(corrupt)
}

/// Of several rows, the one with this key.
pub(crate) fn take(rows: &mut Vec<Item>, key: &Item) -> Option<Item> {
    let is_wanted = |row: &Item| row.get("pk") == key.get("pk") && row.get("sk") == key.get("sk");
    let index = rows.iter().position(is_wanted)?;
    Some(rows.swap_remove(index))
}

/// Whole seconds in a fixed width, so that moments compare as texts.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The form that DynamoDB's time to live wants.
pub(crate) fn ttl(at: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(at.timestamp().to_string())
}

fn overloaded() -> StoreError {
    StoreError::Unavailable("DynamoDB left part of a batch undone again and again".into())
}
