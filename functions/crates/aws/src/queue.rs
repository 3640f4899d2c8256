use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use habeas_domain::{Archive, Event, EventKind, Request, RequestId, StoreError};
use serde::de::DeserializeOwned;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{ARCHIVES, BY_QUEUE, Item, OPEN, archive_key, request_key, text};
use crate::requests::{events, moment, outcome};

/// What the sweep reads of one queue at the most: ten pages, oldest first.
const QUEUE_PAGES_MAX: usize = 10;
const QUEUE_PAGE_ROWS: i32 = 100;

/// What waits in a queue, and how many of its rows cannot be read.
#[derive(Debug)]
pub struct Waiting<T> {
    pub rows: Vec<T>,
    pub unreadable: u32,
}

impl Table {
    /// Requests whose end is not yet done with, and that were to be looked at before `until`.
    pub async fn overdue(&self, until: DateTime<Utc>) -> Result<Waiting<Request>, StoreError> {
        self.queue(OPEN, until).await
    }

    /// Requests whose archive has expired before `until` and has not been removed.
    pub async fn expired(&self, until: DateTime<Utc>) -> Result<Waiting<RequestId>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Row {
            request: RequestId,
        }
        let Waiting { rows, unreadable } = self.queue::<Row>(ARCHIVES, until).await?;
        Ok(Waiting { rows: rows.into_iter().map(|row| row.request).collect(), unreadable })
    }

    async fn queue<T: DeserializeOwned>(
        &self,
        queue: &str,
        until: DateTime<Utc>,
    ) -> Result<Waiting<T>, StoreError> {
        let mut waiting = Waiting { rows: Vec::new(), unreadable: 0 };
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(BY_QUEUE)
            .key_condition_expression("queue = :queue AND queue_at < :until")
            .expression_attribute_values(":queue", text(queue))
            .expression_attribute_values(":until", text(moment(until)))
            .limit(QUEUE_PAGE_ROWS)
            .into_paginator()
            .send();
        for _ in 0..QUEUE_PAGES_MAX {
            let Some(page) = pages.next().await else { break };
            for item in page.map_err(unavailable)?.items.unwrap_or_default() {
                match serde_dynamo::from_item(item) {
                    Ok(row) => waiting.rows.push(row),
                    Err(_) => waiting.unreadable += 1,
                }
            }
        }
        Ok(waiting)
    }

    /// Looks at a request again only after `at`, if it has not ended by then.
    pub async fn look_again(&self, request: &Request, at: DateTime<Utc>) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(&request.account, request.id)))
            .condition_expression("queue = :open")
            .update_expression("SET queue_at = :at")
            .expression_attribute_values(":open", text(OPEN))
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        unless_conflict(written)
    }

    /// Takes a request that has ended out of the queue.
    pub async fn close(&self, request: &Request) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(&request.account, request.id)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("REMOVE queue, queue_at")
            .send()
            .await;
        unless_conflict(written)
    }

    /// Ends a request whose workflow is gone. `Conflict` where it has ended
    /// meanwhile. It stays in the queue until everything about its end is done.
    pub async fn fail(&self, request: &Request, reason: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let event = Event { at, event: EventKind::Failed, by: None };
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(&request.account, request.id)))
            .condition_expression("#status IN (:pending, :processing)")
            .update_expression(
                "SET #status = :failed, ended_at = :now, failure = if_not_exists(failure, :reason), \
                 timeline = list_append(timeline, :event)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":pending", text("Pending"))
            .expression_attribute_values(":processing", text("Processing"))
            .expression_attribute_values(":failed", text("Failed"))
            .expression_attribute_values(":now", text(moment(at)))
            .expression_attribute_values(":reason", text(reason))
            .expression_attribute_values(":event", events(&event)?)
            .send()
            .await;
        outcome(written)
    }

    /// Notes that an archive exists, with its time to live: the row's removal is the expiry.
    pub async fn put_archive(&self, request: &Request, archive: &Archive) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(archive).map_err(corrupt)?;
        item.extend(archive_key(request.id));
        item.insert("account".to_owned(), text(request.account.as_str()));
        item.insert("request".to_owned(), text(request.id.to_string()));
        item.insert("queue".to_owned(), text(ARCHIVES));
        item.insert("queue_at".to_owned(), text(moment(archive.expires_at)));
        item.insert("ttl".to_owned(), AttributeValue::N(archive.expires_at.timestamp().to_string()));
        self.write(item).await
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
}

/// What is not there any more needs no change.
fn unless_conflict<T, R>(written: Result<T, SdkError<UpdateItemError, R>>) -> Result<(), StoreError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match outcome(written) {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}
