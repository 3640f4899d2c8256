use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use habeas_domain::{
    AccountId, Archive, Counts, Cursor, EmailAddress, Event, EventKind, Filing, Filter, Guards, Member, Page,
    Request, RequestId, Requests, Slots, StoreError,
};

use crate::Table;
use crate::directory::member_of;
use crate::error::{corrupt, unavailable};
use crate::keys::{OPEN, member_key, request_key, text};
use crate::table::{moment, parsed, take};

/// A row holds 400 KiB. With the longest addresses an event takes 370 bytes, and
/// fifty people another 13 KiB: this leaves room for what is not a link.
const TIMELINE_EVENTS_MAX: usize = 900;

/// How often a write is tried that another writer of the same row may overtake.
pub(crate) const WRITES_MAX: usize = 5;

/// A line for a timeline that nobody in person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub event: EventKind,
    pub detail: String,
}

impl Requests for Table {
    async fn guards(&self, account: &AccountId, slots: &Slots) -> Result<Guards, StoreError> {
        self.read_guards(account, slots).await
    }

    async fn file(&self, filing: &Filing) -> Result<(), StoreError> {
        self.write_filing(filing).await
    }

    async fn get(&self, account: &AccountId, id: RequestId) -> Result<Option<Request>, StoreError> {
        let request: Option<Request> = self.read(request_key(id)).await?;
        Ok(request.filter(|request| request.account == *account))
    }

    async fn open_among(&self, account: &AccountId, ids: &[RequestId]) -> Result<Vec<RequestId>, StoreError> {
        let rows = match ids {
            [] => Vec::new(),
            ids => self.read_all(ids.iter().copied().map(request_key).collect()).await?,
        };
        let requests: Vec<Request> = rows.into_iter().map(parsed).collect::<Result<_, _>>()?;
        let is_open = |id: &RequestId| {
            let found = requests.iter().find(|request| request.id == *id && request.account == *account);
            found.is_some_and(|request| !request.status.has_ended())
        };
        Ok(ids.iter().copied().filter(is_open).collect())
    }

    async fn member_and_request(
        &self,
        email: &EmailAddress,
        id: RequestId,
    ) -> Result<Option<(Member, Option<Request>)>, StoreError> {
        let mut rows = self.read_all(vec![member_key(email), request_key(id)]).await?;
        let request = take(&mut rows, &request_key(id)).map(parsed).transpose()?;
        let member = rows.pop().map(member_of).transpose()?.flatten();
        Ok(member.map(|member| (member, request)))
    }

    async fn list(
        &self,
        account: &AccountId,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        self.page(account, filter, after, limit).await
    }

    async fn revoke(&self, revoked: &Request) -> Result<(), StoreError> {
        let now = revoked.ended_at.ok_or(StoreError::Conflict)?;
        let written = self
            .appending(revoked)?
            .condition_expression("head = :seen AND #status = :pending AND starts_at > :now")
            .update_expression(
                "SET head = :head, timeline = list_append(timeline, :event), \
                 #status = :canceled, ended_at = :now, #ttl = :ttl",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":pending", text("Pending"))
            .expression_attribute_values(":canceled", text("Canceled"))
            .expression_attribute_values(":now", text(moment(now)))
            .expression_attribute_values(":ttl", self.record_ttl(now))
            .send()
            .await;
        outcome(written)
    }

    async fn record_link(&self, minted: &Request) -> Result<(), StoreError> {
        let now = minted.timeline.last().ok_or(StoreError::Conflict)?.at;
        let written = self
            .appending(minted)?
            .condition_expression(
                "head = :seen AND #status = :completed AND #archive.expires_at > :now \
                 AND size(timeline) < :most",
            )
            .update_expression("SET head = :head, timeline = list_append(timeline, :event)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_values(":completed", text("Completed"))
            .expression_attribute_values(":now", text(moment(now)))
            .expression_attribute_values(":most", AttributeValue::N(TIMELINE_EVENTS_MAX.to_string()))
            .send()
            .await;
        outcome(written)
    }
}

impl Table {
    /// A request by its id alone, for what is not asked for by a person.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        self.read(request_key(id)).await
    }

    /// Adds the last line of a request's timeline and changes nothing else.
    /// `Conflict` where somebody else wrote first.
    pub async fn append(&self, request: &Request) -> Result<(), StoreError> {
        let written = self
            .appending(request)?
            .condition_expression("head = :seen")
            .update_expression("SET head = :head, timeline = list_append(timeline, :event)")
            .send()
            .await;
        outcome(written)
    }

    /// Adds a line to a request's timeline, unless the same is there. Says
    /// whether it did. What is told of a request that is gone is no news.
    pub async fn note(&self, id: RequestId, news: &News, at: DateTime<Utc>) -> Result<bool, StoreError> {
        for _ in 0..WRITES_MAX {
            let Some(request) = self.request(id).await? else { return Ok(false) };
            let same = |event: &Event| {
                event.event == news.event && event.detail.as_deref() == Some(news.detail.as_str())
            };
            if request.timeline.events().iter().any(same) {
                return Ok(false);
            }
            let noted = request.with_event(at, news.event, None, Some(news.detail.clone()));
            match self.append(&noted).await {
                Err(StoreError::Conflict) => {}
                written => return written.map(|()| true),
            }
        }
        Err(StoreError::Unavailable("others kept writing to the request".into()))
    }

    /// Stores that the archive of a request has been removed.
    pub(crate) async fn mark_removed(&self, request: &Request, archive: &Archive) -> Result<(), StoreError> {
        let written = self
            .appending(request)?
            .condition_expression("head = :seen")
            .update_expression(
                "SET head = :head, timeline = list_append(timeline, :event), #archive = :archive",
            )
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_values(
                ":archive",
                serde_dynamo::to_attribute_value(archive).map_err(corrupt)?,
            )
            .send()
            .await;
        outcome(written)
    }

    /// An update that appends the last event of a timeline: its condition is to
    /// say `head = :seen`, so that no two writers append to the same head.
    pub(crate) fn appending(&self, request: &Request) -> Result<UpdateItemFluentBuilder, StoreError> {
        let timeline = &request.timeline;
        let event = serde_dynamo::to_attribute_value(timeline.last()).map_err(corrupt)?;
        Ok(self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(request.id)))
            .expression_attribute_values(":seen", text(timeline.seen_head()))
            .expression_attribute_values(":head", text(timeline.head()))
            .expression_attribute_values(":event", AttributeValue::L(vec![event])))
    }

    /// Notes how many records there were, while the request is being processed
    /// or its tasks are called by hand: how it ends is another write's to say.
    pub async fn set_counts(&self, request: &Request, counts: &Counts) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(request.id)))
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

    /// A task says that it is at work on an open request.
    pub async fn note_alive(&self, request: &Request, at: DateTime<Utc>) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(request_key(request.id)))
            .condition_expression("queue = :open")
            .update_expression("SET alive_at = :at")
            .expression_attribute_values(":open", text(OPEN))
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        unless_conflict(written)
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

/// What is not there any more needs no change.
pub(crate) fn unless_conflict<T, R>(
    written: Result<T, SdkError<UpdateItemError, R>>,
) -> Result<(), StoreError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match outcome(written) {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
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
