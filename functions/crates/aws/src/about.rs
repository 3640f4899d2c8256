use habeas_domain::{AccountId, EmailAddress, Request, RequestId, StoreError};
use serde::Deserialize;

use crate::Table;
use crate::error::unavailable;
use crate::keys::{about_partition, request_key, text};
use crate::table::parsed;

/// What one batch can fetch.
const BATCH_ROWS_MAX: usize = 100;

#[derive(Deserialize)]
struct About {
    sk: RequestId,
}

impl Table {
    /// All of an account's requests about a person, as of now.
    pub async fn requests_about(
        &self,
        account: &AccountId,
        person: &EmailAddress,
    ) -> Result<Vec<Request>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :about")
            .expression_attribute_values(":about", text(about_partition(account, person)))
            .into_paginator()
            .send();
        let mut ids = Vec::new();
        while let Some(page) = pages.next().await {
            let rows = page.map_err(unavailable)?.items.unwrap_or_default();
            let rows = rows.into_iter().map(|row| parsed::<About>(row).map(|about| about.sk));
            ids.extend(rows.collect::<Result<Vec<_>, _>>()?);
        }
        let mut requests = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH_ROWS_MAX) {
            let rows = self.read_all(ids.iter().copied().map(request_key).collect()).await?;
            requests.extend(rows.into_iter().map(parsed).collect::<Result<Vec<Request>, _>>()?);
        }
        Ok(requests)
    }
}
