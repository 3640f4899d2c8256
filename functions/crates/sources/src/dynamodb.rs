use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use habeas_aws::{Aws, unavailable};
use habeas_domain::StoreError;

use crate::item::{TypedKey, key_of, key_values};
use crate::{Item, Key};

/// How many records are read at a time: a page stays within DynamoDB's 1 MB
/// where records are of usual size, and a cursor never far away.
pub(crate) const PAGE_RECORDS: i32 = 1_000;

/// The connector to DynamoDB tables of the operator's product.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    client: Client,
}

/// Records, and after which of them the next page begins.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) items: Vec<Item>,
    pub(crate) last: Option<Key>,
}

/// Records whose partition key, or an index's, has a value.
pub(crate) struct Lookup<'a> {
    pub(crate) table: &'a str,
    pub(crate) index: Option<&'a str>,
    pub(crate) field: &'a str,
    pub(crate) value: AttributeValue,
}

/// A field and the text it must still have, or its absence, so that a write
/// changes only what the inventory was about.
pub(crate) type Condition<'a> = (&'a str, Option<&'a str>);

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

    /// Reads the whole table, and gives of a page what has the value. A page may
    /// be empty and not be the last.
    pub(crate) async fn scan(&self, of: &Lookup<'_>, after: Option<&Key>) -> Result<Records, StoreError> {
        let output = self
            .client
            .scan()
            .table_name(of.table)
            .consistent_read(true)
            .filter_expression("#field = :value")
            .expression_attribute_names("#field", of.field)
            .expression_attribute_values(":value", of.value.clone())
            .set_exclusive_start_key(start_key(after)?)
            .send()
            .await
            .map_err(unavailable)?;
        records(output.items, output.last_evaluated_key)
    }

    pub(crate) async fn query(
        &self,
        of: &Lookup<'_>,
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, StoreError> {
        let output = self
            .client
            .query()
            .table_name(of.table)
            .set_index_name(of.index.map(ToOwned::to_owned))
            .consistent_read(of.index.is_none())
            .key_condition_expression("#field = :value")
            .expression_attribute_names("#field", of.field)
            .expression_attribute_values(":value", of.value.clone())
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
        table: &str,
        key: &Key,
        holds: &[Condition<'_>],
    ) -> Result<Option<bool>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(table)
            .set_key(key_values(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(output.item.map(|item| {
            let text = |field: &str| item.get(field).and_then(|value| value.as_s().ok()).map(String::as_str);
            holds.iter().all(|(field, value)| text(field) == *value)
        }))
    }

    /// Deletes a record while the condition holds. Says whether it did.
    pub(crate) async fn delete(
        &self,
        table: &str,
        key: &Key,
        holds: &[Condition<'_>],
    ) -> Result<bool, StoreError> {
        let (expression, names, values) = condition(holds);
        let deleted = self
            .client
            .delete_item()
            .table_name(table)
            .set_key(key_values(key))
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(values)
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

    /// Removes fields of a record while the condition holds. Says whether it did.
    pub(crate) async fn remove_fields(
        &self,
        table: &str,
        key: &Key,
        fields: &[String],
        holds: &[Condition<'_>],
    ) -> Result<bool, StoreError> {
        let (expression, mut names, values) = condition(holds);
        let mut removed = Vec::with_capacity(fields.len());
        for (number, field) in fields.iter().enumerate() {
            names.insert(format!("#r{number}"), field.clone());
            removed.push(format!("#r{number}"));
        }
        let updated = self
            .client
            .update_item()
            .table_name(table)
            .set_key(key_values(key))
            .update_expression(format!("REMOVE {}", removed.join(", ")))
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(values)
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
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

fn condition(
    holds: &[Condition<'_>],
) -> (String, HashMap<String, String>, Option<HashMap<String, AttributeValue>>) {
    let mut terms = Vec::with_capacity(holds.len());
    let (mut names, mut values) = (HashMap::new(), HashMap::new());
    for (number, (field, value)) in holds.iter().enumerate() {
        names.insert(format!("#c{number}"), (*field).to_owned());
        match value {
            Some(text) => {
                terms.push(format!("#c{number} = :c{number}"));
                values.insert(format!(":c{number}"), AttributeValue::S((*text).to_owned()));
            }
            None => terms.push(format!("attribute_not_exists(#c{number})")),
        }
    }
    (terms.join(" AND "), names, Some(values).filter(|values| !values.is_empty()))
}
