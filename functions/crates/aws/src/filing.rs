use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::TimeDelta;
use habeas_domain::{AccountId, Filing, Guards, Request, RequestId, Slots, StoreError};
use serde::Deserialize;

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{
    Item, OPEN, about_key, account_key, account_settings_key, answer_key, preview_key, request_key,
    requestor_partition, text, twin_key,
};
use crate::table::{moment, parsed, take, ttl};

/// How long after its due date a request may still be open: longer than its
/// workflow may run.
const MARKS_KEPT: TimeDelta = TimeDelta::days(60);

#[derive(Deserialize)]
struct Twins {
    requests: Vec<RequestId>,
}

impl Table {
    pub(crate) async fn read_guards(&self, account: &AccountId, slots: &Slots) -> Result<Guards, StoreError> {
        let mut keys = vec![account_key(account), account_settings_key(account), twin_key(&slots.twin)];
        keys.extend(slots.answer.as_ref().map(answer_key));
        keys.extend(slots.preview.as_ref().map(|digest| preview_key(account, digest)));
        let mut rows = self.read_all(keys).await?;
        let answer = slots.answer.as_ref().and_then(|slot| take(&mut rows, &answer_key(slot)));
        let preview = slots.preview.as_ref();
        let preview = preview.and_then(|digest| take(&mut rows, &preview_key(account, digest)));
        let twins = take(&mut rows, &twin_key(&slots.twin)).map(parsed::<Twins>).transpose()?;
        let settings = take(&mut rows, &account_settings_key(account)).map(parsed).transpose()?;
        Ok(Guards {
            account: take(&mut rows, &account_key(account)).map(parsed).transpose()?,
            settings: settings.unwrap_or_default(),
            answered: answer.map(parsed).transpose()?,
            preview: preview.map(parsed).transpose()?,
            twins: twins.map(|twins| twins.requests).unwrap_or_default(),
        })
    }

    /// The request, its first event, the answer to its key, the mark for twins
    /// and a row for each person it is about: one transaction.
    pub(crate) async fn write_filing(&self, filing: &Filing) -> Result<(), StoreError> {
        let mut puts = vec![self.twin_put(filing)?];
        puts.extend(self.answer_put(filing)?);
        puts.extend(self.request_puts(&filing.request)?);
        let writes = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        self.transact(writes).await
    }

    /// A request that is filed, and a row for each person it is about.
    pub(crate) fn request_puts(&self, request: &Request) -> Result<Vec<Put>, StoreError> {
        let mut puts = vec![self.request_put(request)?];
        for subject in &request.subjects {
            let mut row = about_key(&request.account, subject, request.id);
            row.insert("ttl".to_owned(), self.record_ttl(request.due_at + MARKS_KEPT));
            puts.push(self.put(row).build().map_err(unavailable)?);
        }
        Ok(puts)
    }

    fn request_put(&self, request: &Request) -> Result<Put, StoreError> {
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
        let ids = |ids: &[RequestId]| serde_dynamo::to_attribute_value(ids).map_err(corrupt);
        let mut item = twin_key(&filing.slots.twin);
        item.insert("requests".to_owned(), ids(&filing.twins())?);
        item.insert("ttl".to_owned(), ttl(filing.request.due_at + MARKS_KEPT));
        let put = self.put(item);
        let put = if filing.seen_twins.is_empty() {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("requests = :seen")
                .expression_attribute_values(":seen", ids(&filing.seen_twins)?)
        };
        put.build().map_err(unavailable)
    }

    fn answer_put(&self, filing: &Filing) -> Result<Option<Put>, StoreError> {
        let Some(slot) = &filing.slots.answer else { return Ok(None) };
        let answered = filing.answered();
        let mut item: Item = serde_dynamo::to_item(&answered).map_err(corrupt)?;
        item.extend(answer_key(slot));
        item.insert("ttl".to_owned(), ttl(answered.until));
        let put = self
            .put(item)
            .condition_expression("attribute_not_exists(pk) OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", text(moment(filing.request.created_at)));
        put.build().map(Some).map_err(unavailable)
    }
}
