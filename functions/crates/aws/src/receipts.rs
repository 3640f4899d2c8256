use aws_sdk_dynamodb::operation::put_item::PutItemError;
use chrono::{DateTime, Utc};
use habeas_domain::{Receipts, Request, RequestId, SignedReceipt, StoreError};

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{Item, receipt_key};

impl Receipts for Table {
    async fn receipt(&self, id: RequestId) -> Result<Option<SignedReceipt>, StoreError> {
        self.read(receipt_key(id)).await
    }
}

impl Table {
    /// Stores the receipt of a request that ends now, unless it has one, and gives
    /// the one that is stored. A signature of the same text is another each time:
    /// the first stays.
    pub async fn put_receipt(
        &self,
        request: &Request,
        signed: &SignedReceipt,
        now: DateTime<Utc>,
    ) -> Result<SignedReceipt, StoreError> {
        let mut item: Item = serde_dynamo::to_item(signed).map_err(corrupt)?;
        item.extend(receipt_key(request.id));
        item.insert("ttl".to_owned(), self.record_ttl(now));
        let written = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match written {
            Ok(_) => Ok(signed.clone()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    self.receipt(request.id).await?.ok_or(StoreError::Conflict)
                }
                _ => Err(unavailable(error)),
            },
        }
    }
}
