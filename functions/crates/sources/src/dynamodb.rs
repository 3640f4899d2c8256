use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use habeas_aws::{Aws, unavailable};
use habeas_domain::StoreError;

use crate::connector::{By, Condition, Connector, Doomed, Erasure, How, Lookup, Part, Records, not_so};
use crate::item::{TypedKey, key_of, key_values};
use crate::{Erase, Item, Key, TableAddress};

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
            erased.push(self.erase_one(at, erasure.rule, doomed).await?);
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
        let output = self
            .client
            .get_item()
            .table_name(&at.table)
            .set_key(key_values(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(output.item.map(|item| {
            let text = |field: &str| item.get(field).and_then(|value| value.as_s().ok()).map(String::as_str);
            holds.iter().all(|condition| match condition {
                Condition::OneOf(field, texts) => text(field).is_some_and(|text| texts.contains(&text)),
                Condition::Is(field, expected) => text(field) == Some(expected),
                Condition::Absent(field) => !item.contains_key(*field),
            })
        }))
    }

    async fn erase_one(
        &self,
        at: &TableAddress,
        rule: &Erase,
        doomed: &Doomed<'_>,
    ) -> Result<bool, StoreError> {
        match rule {
            Erase::Mask { remove } => self.remove_fields(at, doomed, remove).await,
            Erase::Delete => self.delete(at, doomed).await,
            Erase::Retain { .. } => Ok(false),
        }
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

    async fn remove_fields(
        &self,
        at: &TableAddress,
        doomed: &Doomed<'_>,
        fields: &[String],
    ) -> Result<bool, StoreError> {
        let mut holds = Holds::of(&doomed.holds);
        let mut removed = Vec::with_capacity(fields.len());
        for (number, field) in fields.iter().enumerate() {
            holds.names.insert(format!("#r{number}"), field.clone());
            removed.push(format!("#r{number}"));
        }
        let updated = self
            .client
            .update_item()
            .table_name(&at.table)
            .set_key(key_values(doomed.key))
            .update_expression(format!("REMOVE {}", removed.join(", ")))
            .condition_expression(holds.expression)
            .set_expression_attribute_names(Some(holds.names))
            .set_expression_attribute_values(Some(holds.values))
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

/// Conditions as DynamoDB writes them.
struct Holds {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Holds {
    fn of(conditions: &[Condition<'_>]) -> Self {
        let mut terms = Vec::with_capacity(conditions.len());
        let (mut names, mut values) = (HashMap::new(), HashMap::new());
        for (number, condition) in conditions.iter().enumerate() {
            let mut value = |place: String, text: &str| {
                values.insert(place.clone(), AttributeValue::S(text.to_owned()));
                place
            };
            let (field, term) = match condition {
                Condition::OneOf(field, texts) => {
                    let texts = texts.iter().enumerate();
                    let places: Vec<_> =
                        texts.map(|(n, text)| value(format!(":c{number}n{n}"), text)).collect();
                    (field, format!("#c{number} IN ({})", places.join(", ")))
                }
                Condition::Is(field, text) => {
                    (field, format!("#c{number} = {}", value(format!(":c{number}"), text)))
                }
                Condition::Absent(field) => (field, format!("attribute_not_exists(#c{number})")),
            };
            names.insert(format!("#c{number}"), (*field).to_owned());
            terms.push(term);
        }
        Self { expression: terms.join(" AND "), names, values }
    }
}
