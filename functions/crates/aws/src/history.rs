use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use habeas_domain::{AccountId, Cursor, EmailAddress, Filter, Page, Request, RequestId, StoreError};
use serde::Deserialize;

use crate::Table;
use crate::error::unavailable;
use crate::keys::{BY_ACCOUNT, BY_REQUESTOR, Item, about_partition, request_key, requestor_partition, text};
use crate::table::{parsed, take};

/// What one page looks at, at the most. A filter that finds little among many
/// requests ends its page here, and the next page goes on.
const ROWS_READ_MAX: usize = 1_000;

/// What one query reads at the most; also what one batch can fetch.
const QUERY_ROWS_MAX: usize = 100;

/// What a page has looked at, and how far.
struct Look {
    requests: Vec<Request>,
    last: Option<RequestId>,
    more: bool,
}

impl Look {
    fn nothing() -> Self {
        Self { requests: Vec::new(), last: None, more: false }
    }
}

impl Table {
    /// Reads newest first by the index that fits the filter best, until the page
    /// is full, the list is at its end, or enough has been looked at.
    pub(crate) async fn page(
        &self,
        account: &AccountId,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let limit = limit as usize;
        let mut requests: Vec<Request> = Vec::new();
        let mut after = after.map(|Cursor(id)| id);
        let mut read = 0;
        loop {
            let missing = limit - requests.len();
            let rows = if filter.wants_all() { missing } else { QUERY_ROWS_MAX }.min(QUERY_ROWS_MAX);
            let look = self.look(account, filter, after, rows).await?;
            read += rows;
            let mut more = look.more;
            after = look.last.or(after);
            for request in look.requests {
                if requests.len() == limit {
                    after = requests.last().map(|request| request.id);
                    more = true;
                    break;
                }
                if filter.wants(&request) {
                    requests.push(request);
                }
            }
            if !more {
                return Ok(Page { requests, next: None });
            }
            if requests.len() == limit || read >= ROWS_READ_MAX {
                return Ok(Page { requests, next: after.map(Cursor) });
            }
        }
    }

    async fn look(
        &self,
        account: &AccountId,
        filter: &Filter,
        after: Option<RequestId>,
        rows: usize,
    ) -> Result<Look, StoreError> {
        match (&filter.subject, &filter.requestor) {
            (Some(subject), _) => self.look_about(account, subject, filter, after, rows).await,
            (None, Some(requestor)) => {
                let partition = requestor_partition(account, requestor);
                self.look_in(BY_REQUESTOR, "requestor_pk", partition, filter, after, rows).await
            }
            (None, None) => {
                self.look_in(BY_ACCOUNT, "account", account.to_string(), filter, after, rows).await
            }
        }
    }

    async fn look_in(
        &self,
        index: &str,
        name: &str,
        partition: String,
        filter: &Filter,
        after: Option<RequestId>,
        rows: usize,
    ) -> Result<Look, StoreError> {
        let Some(query) = self.newest_first("id", name, &partition, filter, after, rows) else {
            return Ok(Look::nothing());
        };
        let output = query.index_name(index).send().await.map_err(unavailable)?;
        let more = output.last_evaluated_key.is_some();
        let rows = output.items.unwrap_or_default().into_iter();
        let requests: Vec<Request> = rows.map(parsed).collect::<Result<_, _>>()?;
        Ok(Look { last: requests.last().map(|request| request.id), requests, more })
    }

    /// The requests about one person: their ids by key, and then their rows.
    async fn look_about(
        &self,
        account: &AccountId,
        subject: &EmailAddress,
        filter: &Filter,
        after: Option<RequestId>,
        rows: usize,
    ) -> Result<Look, StoreError> {
        #[derive(Deserialize)]
        struct About {
            sk: RequestId,
        }
        let partition = about_partition(account, subject);
        let Some(query) = self.newest_first("sk", "pk", &partition, filter, after, rows) else {
            return Ok(Look::nothing());
        };
        let output = query.send().await.map_err(unavailable)?;
        let more = output.last_evaluated_key.is_some();
        let found = output.items.unwrap_or_default().into_iter();
        let ids: Vec<RequestId> =
            found.map(|row| parsed::<About>(row).map(|about| about.sk)).collect::<Result<_, _>>()?;
        let last = ids.last().copied();
        if ids.is_empty() {
            return Ok(Look { requests: Vec::new(), last, more });
        }
        let mut rows = self.read_all(ids.iter().copied().map(request_key).collect()).await?;
        let in_order = ids.into_iter().filter_map(|id| take(&mut rows, &request_key(id)));
        let requests: Vec<Request> = in_order.map(parsed).collect::<Result<_, _>>()?;
        Ok(Look { requests, last, more })
    }

    /// A page goes on by a narrower range and not by a start key: DynamoDB
    /// refuses one outside of the range, and people change filters between pages.
    /// Nothing where the range is empty.
    fn newest_first(
        &self,
        range: &str,
        name: &str,
        partition: &str,
        filter: &Filter,
        after: Option<RequestId>,
        rows: usize,
    ) -> Option<QueryFluentBuilder> {
        let oldest = filter.oldest();
        let newest = match after {
            Some(after) => after.before()?.min(filter.newest()),
            None => filter.newest(),
        };
        if newest < oldest {
            return None;
        }
        let values: Item = HashMap::from([
            (":partition".to_owned(), text(partition)),
            (":oldest".to_owned(), text(oldest.to_string())),
            (":newest".to_owned(), text(newest.to_string())),
        ]);
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#partition = :partition AND #range BETWEEN :oldest AND :newest")
            .expression_attribute_names("#partition", name)
            .expression_attribute_names("#range", range)
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(false)
            .limit(i32::try_from(rows).unwrap_or(i32::MAX));
        Some(query)
    }
}
