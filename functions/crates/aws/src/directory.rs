use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use chrono::{DateTime, Utc};
use habeas_domain::{Account, AccountId, Directory, EmailAddress, Member, StoreError};
use serde::{Deserialize, Serialize};

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{Item, account_key, member_key, text};

/// DynamoDB takes at most this many writes in one batch.
const BATCH_WRITES_MAX: usize = 25;
/// How often what DynamoDB left of a batch is sent again.
const BATCH_ATTEMPTS_MAX: u32 = 8;

/// What the directory has of an address.
#[derive(Deserialize)]
#[serde(untagged)]
enum Known {
    Here(Member),
    Removed {
        #[serde(rename = "removed")]
        _removed: bool,
    },
}

impl Directory for Table {
    async fn member(&self, email: &EmailAddress) -> Result<Option<(Member, Account)>, StoreError> {
        let Some(Known::Here(member)) = self.read::<Known>(member_key(email)).await? else {
            return Ok(None);
        };
        let account = self.read::<Account>(account_key(&member.account)).await?;
        Ok(account.map(|account| (member, account)))
    }

    async fn members_of(
        &self,
        account: &AccountId,
        emails: &[EmailAddress],
    ) -> Result<Vec<EmailAddress>, StoreError> {
        let keys: Vec<Item> = emails.iter().map(member_key).collect();
        let mut pending = vec![
            KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(unavailable)?,
        ];
        let mut found = Vec::new();
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let Some(batch) = pending.pop() else { return Ok(found) };
            let output = self
                .client
                .batch_get_item()
                .request_items(&self.name, batch)
                .send()
                .await
                .map_err(unavailable)?;
            for item in output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default() {
                match serde_dynamo::from_item(item).map_err(corrupt)? {
                    Known::Here(member) if member.account == *account => found.push(member.email),
                    Known::Here(_) | Known::Removed { .. } => {}
                }
            }
            pending.extend(output.unprocessed_keys.unwrap_or_default().remove(&self.name));
        }
        if pending.is_empty() { Ok(found) } else { Err(overloaded()) }
    }
}

impl Table {
    /// Stores an account unless something newer is known of it. Says whether it did.
    pub async fn upsert_account(&self, account: &Account, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.upsert(row(account, account_key(&account.id), at)?, at).await
    }

    /// Stores a member unless something newer is known of them. Says whether it did.
    pub async fn upsert_member(&self, member: &Member, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.upsert(row(member, member_key(&member.email), at)?, at).await
    }

    /// Forgets who a member is, unless something newer is known. The row stays
    /// with its time alone, so that a late event does not bring the member back.
    pub async fn remove_member(&self, email: &EmailAddress, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut item = member_key(email);
        item.insert("as_of".to_owned(), text(moment(at)));
        item.insert("removed".to_owned(), AttributeValue::Bool(true));
        self.upsert(item, at).await
    }

    /// Stores many accounts and members whatever was there before: for first imports.
    pub async fn import(
        &self,
        accounts: &[Account],
        members: &[Member],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(accounts.len() + members.len());
        for account in accounts {
            rows.push(row(account, account_key(&account.id), at)?);
        }
        for member in members {
            rows.push(row(member, member_key(&member.email), at)?);
        }
        for batch in rows.chunks(BATCH_WRITES_MAX) {
            self.write_batch(batch).await?;
        }
        Ok(())
    }

    async fn upsert(&self, item: Item, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let written = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR as_of < :at")
            .expression_attribute_values(":at", text(moment(at)))
            .send()
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable(error)),
            },
        }
    }

    async fn write_batch(&self, rows: &[Item]) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(rows.len());
        for row in rows {
            let put = PutRequest::builder().set_item(Some(row.clone())).build().map_err(unavailable)?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        let mut pending = HashMap::from([(self.name.clone(), writes)]);
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let output = self
                .client
                .batch_write_item()
                .set_request_items(Some(pending))
                .send()
                .await
                .map_err(unavailable)?;
            pending = output.unprocessed_items.unwrap_or_default();
            if pending.is_empty() {
                return Ok(());
            }
        }
        Err(overloaded())
    }
}

fn row(of: &impl Serialize, key: Item, at: DateTime<Utc>) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(of).map_err(corrupt)?;
    item.extend(key);
    item.insert("as_of".to_owned(), text(moment(at)));
    Ok(item)
}

/// Fixed width, so that moments compare as texts.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn overloaded() -> StoreError {
    StoreError::Unavailable("DynamoDB left part of a batch undone again and again".into())
}
