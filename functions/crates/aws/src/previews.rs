use habeas_domain::{AccountId, Preview, Previews, StoreError};

use crate::Table;
use crate::error::corrupt;
use crate::keys::{Item, preview_key};
use crate::table::ttl;

impl Previews for Table {
    async fn keep(&self, account: &AccountId, preview: &Preview) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(preview).map_err(corrupt)?;
        item.extend(preview_key(account, &preview.digest));
        item.insert("ttl".to_owned(), ttl(preview.valid_until()));
        self.write(item).await
    }
}
