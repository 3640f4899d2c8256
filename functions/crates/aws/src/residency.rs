use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use habeas_domain::{AccountSettings, Request, Residency, StoreError};

use crate::Table;
use crate::error::unavailable;
use crate::keys::{account_settings_key, request_key, text};
use crate::requests::WRITES_MAX;
use crate::table::parsed;

impl Table {
    /// Where the data of a request that begins now are kept, for as long as it
    /// runs. It is written down on the condition that the account's settings are
    /// as they were read: whoever changes them afterwards finds it, and whoever
    /// changed them before has it their way. Asked twice, it says the same.
    ///
    /// Where accounts have no choice, nothing is written.
    pub async fn decide_residency(
        &self,
        request: &Request,
        has_choice: bool,
    ) -> Result<Residency, StoreError> {
        if let Some(decided) = request.residency {
            return Ok(decided);
        }
        for _ in 0..WRITES_MAX {
            let settings = self.account_settings(request).await?;
            let residency = settings.residency();
            if !has_choice {
                return Ok(residency);
            }
            match self.pin(request, residency, settings.version).await {
                Ok(()) => return Ok(residency),
                Err(StoreError::Conflict) => {
                    let now = self.request(request.id).await?.ok_or(StoreError::Conflict)?;
                    if let Some(decided) = now.residency {
                        return Ok(decided);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(StoreError::Unavailable("others kept changing the account's settings".into()))
    }

    async fn account_settings(&self, request: &Request) -> Result<AccountSettings, StoreError> {
        let mut rows = self.read_all(vec![account_settings_key(&request.account)]).await?;
        Ok(rows.pop().map(parsed).transpose()?.unwrap_or_default())
    }

    async fn pin(&self, request: &Request, residency: Residency, version: u64) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(request_key(request.id)))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(residency)")
            .update_expression("SET residency = :residency")
            .expression_attribute_values(":residency", text(residency.as_str()))
            .build()
            .map_err(unavailable)?;
        let check = self.version_check(&request.account, version)?;
        self.transact(vec![
            TransactWriteItem::builder().update(update).build(),
            TransactWriteItem::builder().condition_check(check).build(),
        ])
        .await
    }
}
