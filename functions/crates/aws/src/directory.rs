use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use habeas_domain::{Account, AccountId, Action, Directory, EmailAddress, Member, StoreError, may};
use serde::{Deserialize, Serialize};

use crate::Table;
use crate::error::{corrupt, unavailable};
use crate::keys::{BY_ADMINISTRATOR, Item, account_key, member_key, text};
use crate::table::parsed;

const OLDER: &str = "as_of < :at";

/// Events have whole seconds, so two about the same may have the same time. Then
/// the one that arrives later counts, but nobody who was removed comes back.
const AS_OLD: &str = "as_of < :at OR (as_of = :at AND attribute_not_exists(removed))";

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
        self.upsert(row(account, account_key(&account.id), at)?, at, AS_OLD).await
    }

    /// Stores a member unless something newer is known of them. Says whether it did.
    pub async fn upsert_member(&self, member: &Member, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.upsert(member_row(member, at)?, at, AS_OLD).await
    }

    /// The same for an import: what is known as of its very time stays.
    pub async fn import_account(&self, account: &Account, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.upsert(row(account, account_key(&account.id), at)?, at, OLDER).await
    }

    /// The same for an import: what is known as of its very time stays.
    pub async fn import_member(&self, member: &Member, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.upsert(member_row(member, at)?, at, OLDER).await
    }

    /// The addresses of an account's owners and admins, a moment ago.
    pub async fn administrators(&self, account: &AccountId) -> Result<Vec<EmailAddress>, StoreError> {
        #[derive(Deserialize)]
        struct Administrator {
            email: EmailAddress,
        }
        let mut found = Vec::new();
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(BY_ADMINISTRATOR)
            .key_condition_expression("administers = :account")
            .expression_attribute_values(":account", text(account.as_str()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for row in page.map_err(unavailable)?.items.unwrap_or_default() {
                found.push(parsed::<Administrator>(row)?.email);
            }
        }
        Ok(found)
    }

    /// Forgets who a member is, unless something newer is known. The row stays
    /// with its time alone, so that a late event does not bring the member back.
    pub async fn remove_member(&self, email: &EmailAddress, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut item = member_key(email);
        item.insert("as_of".to_owned(), text(as_of(at)));
        item.insert("removed".to_owned(), AttributeValue::Bool(true));
        self.upsert(item, at, "as_of <= :at").await
    }

    /// `condition` says of a row as old as the new one whether it gives way.
    async fn upsert(&self, item: Item, at: DateTime<Utc>, condition: &str) -> Result<bool, StoreError> {
        let written = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists(pk) OR {condition}"))
            .expression_attribute_values(":at", text(as_of(at)))
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
}

fn member_row(member: &Member, at: DateTime<Utc>) -> Result<Item, StoreError> {
    let mut item = row(member, member_key(&member.email), at)?;
    if may(member.role, Action::SeeAccountSettings).is_ok() {
        item.insert("administers".to_owned(), text(member.account.as_str()));
    }
    Ok(item)
}

fn row(of: &impl Serialize, key: Item, at: DateTime<Utc>) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(of).map_err(corrupt)?;
    item.extend(key);
    item.insert("as_of".to_owned(), text(as_of(at)));
    Ok(item)
}

/// Fixed width, so that moments compare as texts.
fn as_of(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
