use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use habeas_aws::unavailable;
use habeas_domain::StoreError;

use super::{DynamoDb, Holds, meets};
use crate::connector::{Condition, Doomed};
use crate::item::key_values;
use crate::{Item, Mask, Masking, Pseudonyms, TableAddress};

/// So often others may write a record between reading and masking it.
const TRIES_MAX: usize = 8;

/// One write to a record, and what it was seen to be before.
#[derive(Debug, Default)]
struct Change<'a> {
    removed: Vec<&'a str>,
    set: Vec<(&'a str, AttributeValue)>,
    seen: Vec<Condition<'a>>,
}

impl DynamoDb {
    /// Masks a record that is still as it was listed, and says whether it was.
    pub(super) async fn mask(
        &self,
        at: &TableAddress,
        mask: &Mask,
        pseudonyms: Option<&Pseudonyms>,
        doomed: &Doomed<'_>,
    ) -> Result<bool, StoreError> {
        if !mask.reads_first() {
            let change = Change { removed: mask.removed().collect(), ..Change::default() };
            return self.change(at, doomed, change).await;
        }
        for _ in 0..TRIES_MAX {
            let item = self.item(at, doomed.key).await?;
            let Some(item) = item.filter(|item| meets(item, &doomed.holds)) else { return Ok(false) };
            if self.change(at, doomed, Change::of(mask, &item, pseudonyms)?).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Unavailable("others wrote a record each time before it was masked".into()))
    }

    /// One write, while the record is as it was listed and as it was seen.
    async fn change(
        &self,
        at: &TableAddress,
        doomed: &Doomed<'_>,
        change: Change<'_>,
    ) -> Result<bool, StoreError> {
        let conditions: Vec<_> = doomed.holds.iter().chain(&change.seen).copied().collect();
        let mut holds = Holds::of(&conditions);
        let (mut removed, mut set) = (Vec::new(), Vec::new());
        for (number, field) in change.removed.into_iter().enumerate() {
            holds.names.insert(format!("#r{number}"), field.to_owned());
            removed.push(format!("#r{number}"));
        }
        for (number, (field, value)) in change.set.into_iter().enumerate() {
            holds.names.insert(format!("#s{number}"), field.to_owned());
            holds.values.insert(format!(":s{number}"), value);
            set.push(format!("#s{number} = :s{number}"));
        }
        let clauses = [("REMOVE", removed), ("SET", set)].into_iter().filter(|(_, terms)| !terms.is_empty());
        let clauses: Vec<_> = clauses.map(|(verb, terms)| format!("{verb} {}", terms.join(", "))).collect();
        let updated = self
            .client
            .update_item()
            .table_name(&at.table)
            .set_key(key_values(doomed.key))
            .update_expression(clauses.join(" "))
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

impl<'a> Change<'a> {
    /// What a mask makes of a record. Fields that the record does not have stay
    /// absent, and whoever adds one meanwhile is seen.
    fn of(mask: &'a Mask, item: &'a Item, pseudonyms: Option<&Pseudonyms>) -> Result<Self, StoreError> {
        let mut change = Self::default();
        for (field, how) in &mask.fields {
            let found = item.get(field);
            let (seen, value) = match (how, found) {
                (Masking::Remove, _) => {
                    change.removed.push(field);
                    continue;
                }
                (_, None) => {
                    change.seen.push(Condition::Absent(field));
                    continue;
                }
                (Masking::Null, Some(_)) => (Condition::Present(field), AttributeValue::Null(true)),
                (Masking::Constant(text), Some(_)) => {
                    (Condition::Present(field), AttributeValue::S(text.clone()))
                }
                (Masking::Pseudonym, Some(value)) => {
                    let pseudonyms = pseudonyms.ok_or_else(no_key)?;
                    (Condition::Same(field, value), AttributeValue::S(pseudonyms.throughout(value)))
                }
                (Masking::Truncate(chars), Some(value)) => {
                    (Condition::Same(field, value), truncated(field, value, *chars)?)
                }
            };
            change.seen.push(seen);
            change.set.push((field.as_str(), value));
        }
        Ok(change)
    }
}

/// The start of a text. What is none would pass for masked and be there as it was.
fn truncated(field: &str, value: &AttributeValue, chars: u32) -> Result<AttributeValue, StoreError> {
    match value {
        AttributeValue::S(text) => {
            Ok(AttributeValue::S(text.chars().zip(0..chars).map(|(character, _)| character).collect()))
        }
        // Nothing is there that could be left.
        AttributeValue::Null(_) => Ok(value.clone()),
        _ => Err(StoreError::Corrupt(format!("`{field}` is no text, and cannot be truncated").into())),
    }
}

fn no_key() -> StoreError {
    StoreError::Corrupt("there is no key for the pseudonyms of its mask".into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn mask(fields: &[(&str, Masking)]) -> Mask {
        Mask { fields: fields.iter().map(|(field, how)| ((*field).to_owned(), how.clone())).collect() }
    }

    fn item(fields: &[(&str, AttributeValue)]) -> Item {
        fields.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_change_is_of_the_fields_that_are_there_as_they_were_seen() {
        let list = AttributeValue::L(vec![text("a"), AttributeValue::Bool(true)]);
        let item = item(&[("a", text("x")), ("b", text("x")), ("c", list.clone()), ("d", text("äöü€"))]);
        let constant = Masking::Constant("gone".to_owned());
        let mask = mask(&[
            ("a", Masking::Null),
            ("b", constant.clone()),
            ("c", Masking::Pseudonym),
            ("d", Masking::Truncate(2)),
            ("e", constant),
            ("f", Masking::Remove),
        ]);
        let pseudonyms = Pseudonyms::new([7; Pseudonyms::KEY_BYTES]);
        let change = Change::of(&mask, &item, Some(&pseudonyms)).unwrap();
        assert_eq!(change.removed, ["f"]);
        let set: BTreeMap<_, _> = change.set.into_iter().collect();
        let pseudonym = text(&pseudonyms.throughout(&list));
        assert_eq!(
            set,
            BTreeMap::from([
                ("a", AttributeValue::Null(true)),
                ("b", text("gone")),
                ("c", pseudonym),
                ("d", text("äö")),
            ])
        );
        let old = text("äöü€");
        assert_eq!(
            change.seen,
            [
                Condition::Present("a"),
                Condition::Present("b"),
                Condition::Same("c", &list),
                Condition::Same("d", &old),
                Condition::Absent("e"),
            ]
        );
    }

    #[test]
    fn only_a_text_is_truncated() {
        let cut = |value: AttributeValue| truncated("f", &value, 3);
        assert_eq!(cut(text("ab")).unwrap(), text("ab"));
        assert_eq!(cut(text("")).unwrap(), text(""));
        assert_eq!(cut(AttributeValue::Null(true)).unwrap(), AttributeValue::Null(true));
        for value in [AttributeValue::N("12345".to_owned()), AttributeValue::L(vec![text("abcd")])] {
            assert!(matches!(cut(value), Err(StoreError::Corrupt(_))));
        }
    }

    #[test]
    fn without_a_key_there_is_no_pseudonym() {
        let (mask, item) = (mask(&[("a", Masking::Pseudonym)]), item(&[("a", text("x"))]));
        assert!(matches!(Change::of(&mask, &item, None), Err(StoreError::Corrupt(_))));
    }
}
