use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use chrono::{DateTime, Utc};
use habeas_domain::{Account, Directory, EmailAddress, Member, StoreError};
use serde::{Deserialize, Serialize};

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{Item, account_key, member_key, text};
use crate::table::{BATCH_ATTEMPTS_MAX, overloaded, parsed};

/// DynamoDB takes at most this many writes in one batch.
const BATCH_WRITES_MAX: usize = 25;

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
    async fn member(&self, email: &EmailAddress) -> Result<Option<Member>, StoreError> {
        Ok(match self.read::<Known>(member_key(email)).await? {
            Some(Known::Here(member)) => Some(member),
            Some(Known::Removed { .. }) | None => None,
        })
    }

    async fn member_and(
        &self,
        email: &EmailAddress,
        people: &[EmailAddress],
    ) -> Result<Option<(Member, Vec<EmailAddress>)>, StoreError> {
        // A batch must not name a row twice, and people ask about themselves.
        let everybody: BTreeSet<_> = people.iter().chain([email]).collect();
        let rows = self.read_all(everybody.into_iter().map(member_key).collect()).await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            members.extend(member_of(row)?);
        }
        let Some(member) = members.iter().find(|member| member.email == *email).cloned() else {
            return Ok(None);
        };
        let here = members.into_iter().filter(|other| other.account == member.account);
        let known = here.map(|other| other.email).filter(|other| people.contains(other)).collect();
        Ok(Some((member, known)))
    }
}

/// The member that a row is about, unless they have been removed.
pub(crate) fn member_of(row: Item) -> Result<Option<Member>, StoreError> {
    Ok(match parsed(row)? {
        Known::Here(member) => Some(member),
        Known::Removed { .. } => None,
    })
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
