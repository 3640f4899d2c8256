use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::connector::Condition;

/// DynamoDB takes no longer lists behind `IN`.
const OPERANDS_MAX: usize = 100;

/// Conditions as DynamoDB writes them.
pub(super) struct Holds {
    pub expression: String,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

impl Holds {
    pub(super) fn of(conditions: &[Condition<'_>]) -> Self {
        let mut terms = Vec::with_capacity(conditions.len());
        let (mut names, mut values) = (HashMap::new(), HashMap::new());
        for (number, condition) in conditions.iter().enumerate() {
            let mut value = |value: AttributeValue| {
                let place = format!(":{}", letters(values.len()));
                values.insert(place.clone(), value);
                place
            };
            let as_text = |text: &str| AttributeValue::S(text.to_owned());
            let (field, term) = match condition {
                Condition::OneOf(field, texts) => {
                    let places: Vec<_> = texts.iter().map(|text| value(as_text(text))).collect();
                    (field, format!("#c{number} IN ({})", places.join(",")))
                }
                Condition::Is(field, text) => (field, format!("#c{number} = {}", value(as_text(text)))),
                Condition::Same(field, same) => (field, format!("#c{number} = {}", value((*same).clone()))),
                Condition::NoneOf(field, others) => {
                    let places: Vec<_> = others.iter().map(|other| value(other.clone())).collect();
                    let lists = places
                        .chunks(OPERANDS_MAX)
                        .map(|places| format!("NOT #c{number} IN ({})", places.join(",")));
                    let lists = lists.collect::<Vec<_>>().join(" AND ");
                    (field, format!("(attribute_not_exists(#c{number}) OR ({lists}))"))
                }
                Condition::Present(field) => (field, format!("attribute_exists(#c{number})")),
                Condition::Absent(field) => (field, format!("attribute_not_exists(#c{number})")),
            };
            names.insert(format!("#c{number}"), (*field).to_owned());
            terms.push(term);
        }
        Self { expression: terms.join(" AND "), names, values }
    }
}

/// Names of values, as short as can be: an expression has no more than 4 KB. A
/// mask's own names have digits.
fn letters(number: usize) -> String {
    let letter = |of: usize| char::from(b'a' + u8::try_from(of % 26).unwrap_or_default());
    let mut name = letter(number).to_string();
    let mut rest = number / 26;
    while rest > 0 {
        rest -= 1;
        name.insert(0, letter(rest));
        rest /= 26;
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use habeas_domain::{HELD_FIELDS_MAX, HOLDS_MAX};

    use super::*;

    /// As DynamoDB documents it.
    const EXPRESSION_BYTES_MAX: usize = 4_096;

    #[test]
    fn names_are_letters_and_each_is_another() {
        assert_eq!([0, 1, 25, 26, 27, 51, 52].map(letters), ["a", "b", "z", "aa", "ab", "az", "ba"]);
        assert_eq!([701, 702].map(letters), ["zz", "aaa"]);
        assert_eq!((0..2_000).map(letters).collect::<BTreeSet<_>>().len(), 2_000);
    }

    #[test]
    fn what_an_account_can_hold_at_the_most_fits_into_a_condition() {
        let text = |text: String| AttributeValue::S(text);
        let ids: Vec<_> = (0..50).map(|number| format!("id-{number}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        // Each hold's value as a text and as a number.
        for fields in [1, HELD_FIELDS_MAX] {
            let of_field = HOLDS_MAX.div_ceil(fields) * 2;
            let held: Vec<Vec<_>> = (0..fields)
                .map(|field| (0..of_field).map(|value| text(format!("{field}-{value}"))).collect())
                .collect();
            let others = held.iter().map(|values| Condition::NoneOf("field", values));
            let own =
                [Condition::Present("key"), Condition::Is("account", "amber"), Condition::OneOf("of", &ids)];
            let holds = Holds::of(&own.into_iter().chain(others).collect::<Vec<_>>());
            assert!(holds.expression.len() < EXPRESSION_BYTES_MAX - 300, "{}", holds.expression.len());
        }
    }
}
