use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::{LocalError, Result};

/// A table's row.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// A row as one line of JSON: names in order, numbers with the digits stored.
///
/// Sets and binary values are objects with their DynamoDB type (`SS`, `NS`,
/// `BS`, `B`), everything else is JSON's own, so equal text is equal data.
pub(crate) fn row_json(row: &Row) -> Result<String> {
    let mut out = String::new();
    write_map(&mut out, row)?;
    Ok(out)
}

/// A single value in the same form.
pub(crate) fn attribute_json(value: &AttributeValue) -> Result<String> {
    let mut out = String::new();
    write_value(&mut out, value)?;
    Ok(out)
}

/// JSON as DynamoDB stores it.
pub(crate) fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(fields) => {
            AttributeValue::M(fields.into_iter().map(|(name, value)| (name, attribute(value))).collect())
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_map(out: &mut String, fields: &Row) -> Result<()> {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    out.push('{');
    for (at, name) in names.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, &fields[name])?;
    }
    out.push('}');
    Ok(())
}

fn write_value(out: &mut String, value: &AttributeValue) -> Result<()> {
    match value {
        AttributeValue::S(text) => write_text(out, text),
        AttributeValue::N(digits) => out.push_str(digits),
        AttributeValue::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        AttributeValue::Null(_) => out.push_str("null"),
        AttributeValue::M(fields) => write_map(out, fields)?,
        AttributeValue::L(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(out, value)?;
            }
            out.push(']');
        }
        AttributeValue::Ss(texts) => write_set(out, "SS", texts.clone()),
        AttributeValue::Ns(digits) => write_set(out, "NS", digits.clone()),
        AttributeValue::B(bytes) => write_set(out, "B", vec![hex(bytes.as_ref())]),
        AttributeValue::Bs(all) => {
            write_set(out, "BS", all.iter().map(|b| hex(b.as_ref())).collect());
        }
        _ => {
            return Err(LocalError::unexpected(
                "print a row",
                "it has a value of a type that this program does not know",
            ));
        }
    }
    Ok(())
}

/// A set has no order of its own.
fn write_set(out: &mut String, kind: &str, mut members: Vec<String>) {
    members.sort_unstable();
    out.push_str(&format!("{{\"{kind}\":{}}}", Value::from(members)));
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_comes_back_as_it_was_loaded() {
        let line = json!({"b": [1, "1", null, true], "a": {"z": 1.5, "y": "\u{2028}\"\u{1}"}});
        let AttributeValue::M(row) = attribute(line.clone()) else {
            panic!("an object becomes a map");
        };
        let text = row_json(&row).unwrap();
        assert!(text.starts_with(r#"{"a":{"y":"#));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), line);
    }

    #[test]
    fn a_number_keeps_its_digits_and_is_not_a_text() {
        let number = Row::from([("a".into(), AttributeValue::N("10000000000000000000001".into()))]);
        assert_eq!(row_json(&number).unwrap(), r#"{"a":10000000000000000000001}"#);
        let text = Row::from([("a".into(), AttributeValue::S("1".into()))]);
        assert_eq!(row_json(&text).unwrap(), r#"{"a":"1"}"#);
    }

    #[test]
    fn a_set_is_printed_in_order() {
        let one = Row::from([("s".into(), AttributeValue::Ss(vec!["b".into(), "a".into()]))]);
        assert_eq!(row_json(&one).unwrap(), r#"{"s":{"SS":["a","b"]}}"#);
    }
}
