use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use habeas_domain::StoreError;
use serde::de::DeserializeOwned;

use crate::Aws;
use crate::error::{corrupt, unavailable};
use crate::keys::Item;

/// Habeas's one table. What it does for each port stands in a file of its own.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Table {
    #[must_use]
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: aws.dynamodb(), name }
    }

    /// Reads one row, as of now.
    pub(crate) async fn read<T: DeserializeOwned>(&self, key: Item) -> Result<Option<T>, StoreError> {
        let output: GetItemOutput = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        output.item.map(|item| serde_dynamo::from_item(item).map_err(corrupt)).transpose()
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
