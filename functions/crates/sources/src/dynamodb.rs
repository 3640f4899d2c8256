mod expression;
mod mask;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use habeas_aws::{Aws, unavailable};
use habeas_domain::StoreError;

use self::expression::Holds;
use crate::connector::{By, Condition, Connector, Doomed, Erasure, Fate, How, Lookup, Part, Records, not_so};
use crate::item::{TypedKey, key_of, key_values};
use crate::number::number;
use crate::{Item, Key, TableAddress};

/// The connector to DynamoDB tables of the operator's product.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    client: Client,
}

impl Connector for DynamoDb {
    type Address = TableAddress;

    /// Deleting in batches knows no conditions.
    const ERASED_AT_ONCE: usize = 1;

    async fn page(
        &self,
        at: &TableAddress,
        lookup: &Lookup<'_>,
        after: Option<&Key>,
    ) -> Result<Records, StoreError> {
        match &lookup.by {
            By::Field { field, value, how } => {
                let index = match how {
                    How::Key => None,
                    How::Index(index) => Some(*index),
                };
                self.query(at, index, (field, value), after, lookup.limit).await
            }
            By::Scan { field, texts, part } => self.scan(at, *part, (field, texts), after).await,
            By::Prefix { .. } => Err(not_so()),
        }
    }

    async fn erase(&self, at: &TableAddress, erasure: &Erasure<'_>) -> Result<Vec<bool>, StoreError> {
        let mut erased = Vec::with_capacity(erasure.doomed.len());
        for doomed in erasure.doomed {
            erased.push(match doomed.fate {
                Fate::Delete => self.delete(at, doomed).await?,
                Fate::Mask(mask) => self.mask(at, mask, erasure.pseudonyms, doomed).await?,
            });
        }
        Ok(erased)
    }
}

impl DynamoDb {
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.dynamodb() }
    }

    /// A connector behind any client: tests have one without a network.
    #[must_use]
    pub fn on(client: Client) -> Self {
        Self { client }
    }

    /// Reads the whole table or a part of it, and gives of a page what has one of the texts.
    async fn scan(
        &self,
        at: &TableAddress,
        part: Part,
        (field, texts): (&str, &[&str]),
        after: Option<&Key>,
    ) -> Result<Records, StoreError> {
        let any_of = Holds::of(&[Condition::OneOf(field, texts)]);
        let whole = |number: u32| i32::try_from(number).map_err(|error| StoreError::Corrupt(error.into()));
        let output = self
            .client
            .scan()
            .table_name(&at.table)
            .consistent_read(true)
            .segment(whole(part.number)?)
            .total_segments(whole(part.of)?)
            .filter_expression(any_of.expression)
            .set_expression_attribute_names(Some(any_of.names))
            .set_expression_attribute_values(Some(any_of.values))
            .set_exclusive_start_key(start_key(after)?)
            .send()
            .await
            .map_err(unavailable)?;
        records(output.items, output.last_evaluated_key)
    }

    async fn query(
        &self,
        at: &TableAddress,
        index: Option<&str>,
        (field, value): (&str, &AttributeValue),
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&at.table)
            .set_index_name(index.map(ToOwned::to_owned))
            .consistent_read(index.is_none())
            .key_condition_expression("#field = :value")
            .expression_attribute_names("#field", field)
            .expression_attribute_values(":value", value.clone())
            .set_exclusive_start_key(start_key(after)?)
            .limit(limit)
            .send()
            .await
            .map_err(unavailable)?;
        records(output.items, output.last_evaluated_key)
    }

    /// Whether a record meets the conditions, as of now; nothing where it is not there.
    pub(crate) async fn holds(
        &self,
        at: &TableAddress,
        key: &Key,
        holds: &[Condition<'_>],
    ) -> Result<Option<bool>, StoreError> {
        Ok(self.item(at, key).await?.map(|item| meets(&item, holds)))
    }

    /// Whether a record meets some conditions, and not others.
    pub(crate) async fn holds_but(
        &self,
        at: &TableAddress,
        key: &Key,
        holds: &[Condition<'_>],
        others: &[Condition<'_>],
    ) -> Result<bool, StoreError> {
        let item = self.item(at, key).await?;
        Ok(item.is_some_and(|item| meets(&item, holds) && !meets(&item, others)))
    }

    /// A record as it is now.
    pub(crate) async fn item(&self, at: &TableAddress, key: &Key) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&at.table)
            .set_key(key_values(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(output.item.map(|item| item.into_iter().collect()))
    }

    async fn delete(&self, at: &TableAddress, doomed: &Doomed<'_>) -> Result<bool, StoreError> {
        let holds = Holds::of(&doomed.holds);
        let deleted = self
            .client
            .delete_item()
            .table_name(&at.table)
            .set_key(key_values(doomed.key))
            .condition_expression(holds.expression)
            .set_expression_attribute_names(Some(holds.names))
            .set_expression_attribute_values(Some(holds.values))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable(error)),
            },
        }
    }
}

/// A cursor that cannot be read must not begin anew.
fn start_key(after: Option<&Key>) -> Result<Option<HashMap<String, AttributeValue>>, StoreError> {
    let bad_key = || StoreError::Corrupt("a cursor's key cannot be read".into());
    after.map(|key| key_values(key).ok_or_else(bad_key)).transpose()
}

fn records(
    items: Option<Vec<HashMap<String, AttributeValue>>>,
    last: Option<HashMap<String, AttributeValue>>,
) -> Result<Records, StoreError> {
    let bad_key = || StoreError::Corrupt("a key of another type than DynamoDB's".into());
    let last = last.map(|key| key_of(&key).ok_or_else(bad_key)).transpose()?;
    let items = items.unwrap_or_default().into_iter().map(|item| item.into_iter().collect()).collect();
    Ok(Records { items, last })
}

/// The primary key of a record, for a cursor or an inventory.
pub(crate) fn primary_key(item: &Item, names: &[String]) -> Option<Key> {
    names.iter().map(|name| Some((name.clone(), TypedKey::of(item.get(name)?)?))).collect()
}

/// What DynamoDB itself would say of the conditions.
pub(crate) fn meets(item: &Item, conditions: &[Condition<'_>]) -> bool {
    let text = |field: &str| item.get(field).and_then(|value| value.as_s().ok()).map(String::as_str);
    conditions.iter().all(|condition| match condition {
        Condition::OneOf(field, texts) => text(field).is_some_and(|text| texts.contains(&text)),
        Condition::Is(field, expected) => text(field) == Some(expected),
        Condition::Same(field, value) => item.get(*field) == Some(*value),
        Condition::NoneOf(field, values) => {
            item.get(*field).is_none_or(|value| !values.iter().any(|other| is_same(value, other)))
        }
        Condition::Present(field) => item.contains_key(*field),
        Condition::Absent(field) => !item.contains_key(*field),
    })
}

/// Numbers are the same however they are written.
fn is_same(one: &AttributeValue, other: &AttributeValue) -> bool {
    match (one, other) {
        (AttributeValue::N(one), AttributeValue::N(other)) => {
            one == other || number(one).is_some_and(|one| number(other) == Some(one))
        }
        _ => one == other,
    }
}
