use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::connector::Condition;
use crate::dynamodb::meets;
use crate::number::number;
use crate::patience::ask;
use crate::{Address, DataMap, Item, Key, Source, SourceError, Stores};

/// Records that stay because of a legal hold: those of a source, and of others on
/// the same table, whose field has this value, and the files that they lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnHold<'a> {
    pub source: &'a str,
    pub field: &'a str,
    pub value: &'a str,
}

/// Values by field: a record with one of them is on hold. Writes have them as a
/// condition, and what was read is compared with the very same ones.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldValues<'a>(BTreeMap<&'a str, Vec<AttributeValue>>);

impl<'a> HeldValues<'a> {
    /// What is on hold of a source, and of others on the same table.
    #[must_use]
    pub fn of(map: &DataMap, source: &Source, on_hold: &[OnHold<'a>]) -> Self {
        let mut by_field: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for held in on_hold.iter().filter(|held| map.is_same_place(held.source, source)) {
            by_field.entry(held.field).or_default().extend(held.values());
        }
        Self(by_field)
    }

    /// Whether a record is on hold by what it says.
    #[must_use]
    pub fn are_in(&self, item: &Item) -> bool {
        !meets(item, &self.conditions())
    }

    /// What a record says that is not on hold.
    pub(crate) fn conditions(&self) -> Vec<Condition<'_>> {
        self.0.iter().map(|(field, values)| Condition::NoneOf(field, values)).collect()
    }

    /// Whether a record still says that it is the person's, and stays because it
    /// is on hold.
    pub(crate) async fn keep(
        &self,
        stores: &Stores,
        source: &Source,
        key: &Key,
        own: &[Condition<'_>],
    ) -> Result<bool, SourceError> {
        let Address::DynamoDb(address) = &source.address else { return Ok(false) };
        if self.0.is_empty() {
            return Ok(false);
        }
        let others = self.conditions();
        ask(source, || stores.dynamodb.holds_but(address, key, own, &others)).await
    }
}

impl OnHold<'_> {
    /// A hold's value is a text, which may stand in a record as the number that it
    /// reads as. DynamoDB refuses a write that is to compare with a number it
    /// cannot have: no record has it, so that there is nothing to compare.
    fn values(&self) -> impl Iterator<Item = AttributeValue> {
        let text = AttributeValue::S(self.value.to_owned());
        let number = number(self.value).map(AttributeValue::N);
        [text].into_iter().chain(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"
        version = 1
        [[source]]
        name = "boards"
        data_type = "whiteboards"
        account_field = "account_id"
        dynamodb = { table = "boards", key = ["id"] }
        find = [{ subject_field = "owner", index = "by-owner" }]
        erase = { rule = "delete" }
        [[source]]
        name = "shared_boards"
        data_type = "whiteboards"
        account_field = "account_id"
        dynamodb = { table = "boards", key = ["id"] }
        find = [{ subject_field = "editor", index = "by-editor" }]
        erase = { rule = "delete" }
        [[source]]
        name = "messages"
        data_type = "chat"
        account_field = "account_id"
        dynamodb = { table = "messages", key = ["email"] }
        find = [{ subject_field = "email" }]
        erase = { rule = "delete" }
    "#;

    /// Whether a hold on boards with this value of the field `case` is on a record of a source.
    fn is_held(source: &str, value: &str, item: &[(&str, AttributeValue)]) -> bool {
        let map = DataMap::parse(MAP, "123456789012", "us-east-1").unwrap();
        let on_hold = [OnHold { source: "boards", field: "case", value }];
        let item = item.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        HeldValues::of(&map, map.source(source).unwrap(), &on_hold).are_in(&item)
    }

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn digits(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.to_owned())
    }

    #[test]
    fn a_record_of_the_table_is_held_whichever_source_finds_it_and_no_other() {
        let record = [("case", text("7"))];
        assert!(is_held("boards", "7", &record) && is_held("shared_boards", "7", &record));
        assert!(!is_held("messages", "7", &record));
        assert!(!is_held("boards", "8", &record) && !is_held("boards", "7", &[("other", text("7"))]));
    }

    #[test]
    fn a_number_is_held_however_it_is_written_and_a_text_as_it_stands() {
        for value in ["7", "7.0", "+7", "007", "70e-1"] {
            assert!(is_held("boards", value, &[("case", digits("7"))]), "{value}");
            assert!(is_held("boards", value, &[("case", text(value))]), "{value}");
        }
        assert!(!is_held("boards", "7.0", &[("case", text("7"))]));
    }

    #[test]
    fn what_is_no_number_of_dynamodb_is_compared_as_a_text_alone() {
        let long = "1234567890".repeat(4);
        for value in [long.as_str(), "9e200", "1e-200", "inf", "NaN", "c-1"] {
            let held = OnHold { source: "boards", field: "case", value };
            assert_eq!(held.values().collect::<Vec<_>>(), [text(value)]);
        }
    }

    #[test]
    fn lists_sets_and_truths_are_never_the_value() {
        let others = [
            AttributeValue::L(vec![text("7")]),
            AttributeValue::Ss(vec!["7".to_owned()]),
            AttributeValue::Ns(vec!["7".to_owned()]),
            AttributeValue::Bool(true),
            AttributeValue::Null(true),
        ];
        for other in others {
            assert!(!is_held("boards", "7", &[("case", other)]));
        }
    }
}
