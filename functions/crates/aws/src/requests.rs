use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, SecondsFormat, Utc};
use habeas_domain::{
    AccountId, Counts, Cursor, EmailAddress, Event, Page, Request, RequestId, Requests, StoreError,
};
use serde::Serialize;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{BY_REQUESTOR, Item, OPEN, account_partition, request_key, requestor_partition, text};

impl Requests for Table {
    async fn file(&self, request: &Request) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(request).map_err(corrupt)?;
        item.extend(request_key(&request.account, request.id));
        let by = requestor_partition(&request.account, &request.requestor.email);
        item.insert("requestor_pk".to_owned(), text(by));
        item.insert("queue".to_owned(), text(OPEN));
        item.insert("queue_at".to_owned(), text(moment(request.created_at)));
        let written = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Err(StoreError::Conflict),
                _ => Err(unavailable(error)),
            },
        }
    }

    async fn get(&self, account: &AccountId, id: RequestId) -> Result<Option<Request>, StoreError> {
        self.read(request_key(account, id)).await
    }

    async fn list(
        &self,
        account: &AccountId,
        by: Option<&EmailAddress>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let query = self.client.query().table_name(&self.name).scan_index_forward(false);
        let query = match by {
            Some(email) => query
                .index_name(BY_REQUESTOR)
                .key_condition_expression("requestor_pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":pk", text(requestor_partition(account, email))),
            None => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":pk", text(account_partition(account))),
        };
        let start = after.map(|Cursor(id)| {
            let mut key = request_key(account, id);
            key.extend(
                by.map(|email| ("requestor_pk".to_owned(), text(requestor_partition(account, email)))),
            );
            key
        });
        let output = query
            .expression_attribute_values(":prefix", text("REQ#"))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable)?;
        let more = output.last_evaluated_key.is_some();
        let requests: Vec<Request> =
            serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(corrupt)?;
        let next = requests.last().filter(|_| more).map(|last| Cursor(last.id));
        Ok(Page { requests, next })
    }

    async fn revoke(&self, revoked: &Request) -> Result<(), StoreError> {
        let Some(event) = revoked.timeline.last() else {
            return Err(StoreError::Conflict);
        };
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(&revoked.account, revoked.id)))
            .condition_expression("#status = :pending AND starts_at > :now")
            .update_expression(
                "SET #status = :canceled, ended_at = :now, timeline = list_append(timeline, :event) \
                 REMOVE queue, queue_at",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":pending", text("Pending"))
            .expression_attribute_values(":canceled", text("Canceled"))
            .expression_attribute_values(":now", text(moment(event.at)))
            .expression_attribute_values(":event", events(event)?)
            .send()
            .await;
        outcome(written)
    }

    async fn record_link(&self, account: &AccountId, id: RequestId, event: &Event) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(account, id)))
            .condition_expression(
                "#status = :completed AND #archive.expires_at > :now AND size(timeline) < :most",
            )
            .update_expression("SET timeline = list_append(timeline, :event)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_values(":completed", text("Completed"))
            .expression_attribute_values(":now", text(moment(event.at)))
            .expression_attribute_values(":most", AttributeValue::N(TIMELINE_EVENTS_MAX.to_string()))
            .expression_attribute_values(":event", events(event)?)
            .send()
            .await;
        outcome(written)
    }
}

/// A row holds 400 KiB; at some 150 bytes an event this leaves room to spare.
const TIMELINE_EVENTS_MAX: usize = 1_000;

impl Table {
    /// Notes how many records there were, while the request is being processed
    /// or its tasks are called by hand: how it ends is another write's to say.
    pub async fn set_counts(&self, request: &Request, counts: &Counts) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(&request.account, request.id)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET counts = :counts")
            .expression_attribute_values(
                ":counts",
                serde_dynamo::to_attribute_value(counts).map_err(corrupt)?,
            )
            .send()
            .await;
        outcome(written)
    }
}

/// A value in DynamoDB's typed JSON, for a state that writes it into a row.
#[must_use]
pub fn typed(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::{Value, json};
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(bool) => json!({"BOOL": bool}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(list) => json!({"L": list.iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(map) => {
            json!({"M": map.iter().map(|(k, v)| (k.clone(), typed(v))).collect::<serde_json::Map<_, _>>()})
        }
    }
}

pub(crate) fn events(event: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value([event]).map_err(corrupt)
}

/// Whole seconds in a fixed width, so that moments compare as texts.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(crate) fn outcome<T, R>(written: Result<T, SdkError<UpdateItemError, R>>) -> Result<(), StoreError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match written {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Err(StoreError::Conflict),
            _ => Err(unavailable(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_json_is_what_a_state_writes() {
        let counts = serde_json::json!({"ana@amber.example": {"chat": 12}});
        assert_eq!(
            typed(&counts),
            serde_json::json!({"M": {"ana@amber.example": {"M": {"chat": {"N": "12"}}}}})
        );
    }
}
