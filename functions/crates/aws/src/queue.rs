use chrono::{DateTime, Utc};
use habeas_domain::{EventKind, Request, StoreError};
use serde::de::DeserializeOwned;

use crate::error::unavailable;
use crate::keys::{ARCHIVES, BY_QUEUE, OPEN, request_key, text};
use crate::requests::{outcome, unless_conflict};
use crate::table::{moment, parsed};
use crate::{ArchiveNote, Table};

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

    /// Archives that are there and that were to be looked at before `until`:
    /// because they expire soon, or have expired.
    pub async fn ageing(&self, until: DateTime<Utc>) -> Result<Waiting<ArchiveNote>, StoreError> {
        self.queue(ARCHIVES, until).await
    }

    pub(crate) async fn queue<T: DeserializeOwned>(
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
                match parsed(item) {
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
            .set_key(Some(request_key(request.id)))
            .condition_expression("queue = :open")
            .update_expression("SET queue_at = :at")
            .expression_attribute_values(":open", text(OPEN))
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        unless_conflict(written)
    }

    /// The same for one that has ended and is not known to have been told:
    /// it remembers since when that is tried.
    pub async fn tell_again(
        &self,
        request: &Request,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(request.id)))
            .condition_expression("queue = :open")
            .update_expression("SET queue_at = :at, tell_since = if_not_exists(tell_since, :now)")
            .expression_attribute_values(":open", text(OPEN))
            .expression_attribute_values(":at", text(moment(at)))
            .expression_attribute_values(":now", text(moment(now)))
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
            .set_key(Some(request_key(request.id)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("REMOVE queue, queue_at")
            .send()
            .await;
        unless_conflict(written)
    }

    /// Ends a request whose workflow is gone. `Conflict` where somebody else
    /// wrote meanwhile. It stays in the queue until its requestor has been told.
    pub async fn fail(&self, request: &Request, reason: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let failed = request.clone().with_event(at, EventKind::Failed, None, None);
        let written = self
            .appending(&failed)?
            .condition_expression("head = :seen AND #status IN (:pending, :processing)")
            .update_expression(
                "SET head = :head, timeline = list_append(timeline, :event), #status = :failed, \
                 ended_at = :now, failure = if_not_exists(failure, :reason), #ttl = :ttl",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":pending", text("Pending"))
            .expression_attribute_values(":processing", text("Processing"))
            .expression_attribute_values(":failed", text("Failed"))
            .expression_attribute_values(":now", text(moment(at)))
            .expression_attribute_values(":reason", text(reason))
            .expression_attribute_values(":ttl", self.record_ttl(at))
            .send()
            .await;
        outcome(written)
    }
}
