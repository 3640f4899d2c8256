use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// JSON that is nested deeper is nobody's record.
const DEPTH_MAX: usize = 32;

/// A record, in an order of its own so that the same record is always the same text.
pub type Item = BTreeMap<String, AttributeValue>;

/// The primary key of a record. In a cursor or an inventory it is stored typed,
/// `{"meeting_id": {"S": "m-1"}}`, because `1` and `"1"` are different keys.
pub type Key = BTreeMap<String, TypedKey>;

/// DynamoDB's keys are texts, numbers or bytes, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum TypedKey {
    S(String),
    /// As digits: a number keeps every one of them.
    N(String),
    /// Base64.
    B(String),
}

impl TypedKey {
    pub(crate) fn of(value: &AttributeValue) -> Option<Self> {
        match value {
            AttributeValue::S(text) => Some(Self::S(text.clone())),
            AttributeValue::N(digits) => Some(Self::N(digits.clone())),
            AttributeValue::B(bytes) => Some(Self::B(STANDARD.encode(bytes))),
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> Option<AttributeValue> {
        match self {
            Self::S(text) => Some(AttributeValue::S(text.clone())),
            Self::N(digits) => Some(AttributeValue::N(digits.clone())),
            Self::B(encoded) => STANDARD.decode(encoded).ok().map(|bytes| AttributeValue::B(bytes.into())),
        }
    }
}

pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    item.iter().map(|(name, value)| Some((name.clone(), TypedKey::of(value)?))).collect()
}

pub(crate) fn key_values(key: &Key) -> Option<HashMap<String, AttributeValue>> {
    key.iter().map(|(name, value)| Some((name.clone(), value.value()?))).collect()
}

/// An object of JSON as a record, without loss: numbers keep their digits.
/// Nothing where it is no object.
pub(crate) fn from_json(json: &RawValue) -> Option<Item> {
    fields(json)?.into_iter().map(|(name, value)| Some((name, value_of(&value, DEPTH_MAX)?))).collect()
}

fn fields(json: &RawValue) -> Option<BTreeMap<String, Box<RawValue>>> {
    serde_json::from_str(json.get()).ok()
}

fn value_of(json: &RawValue, depth: usize) -> Option<AttributeValue> {
    let inner = depth.checked_sub(1)?;
    Some(match json.get().as_bytes().first()? {
        b'{' => {
            let fields = fields(json)?.into_iter();
            let fields = fields.map(|(name, value)| Some((name, value_of(&value, inner)?)));
            AttributeValue::M(fields.collect::<Option<_>>()?)
        }
        b'[' => {
            let values: Vec<Box<RawValue>> = serde_json::from_str(json.get()).ok()?;
            AttributeValue::L(values.iter().map(|value| value_of(value, inner)).collect::<Option<_>>()?)
        }
        b'"' => AttributeValue::S(serde_json::from_str(json.get()).ok()?),
        b't' => AttributeValue::Bool(true),
        b'f' => AttributeValue::Bool(false),
        b'n' => AttributeValue::Null(true),
        _ => AttributeValue::N(json.get().to_owned()),
    })
}

/// What an export shows of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    AsItIs,
    Nothing,
    /// This in its place.
    Other(String),
}

/// The record as one line of JSON, with as much of each field as is to be shown
/// and without loss: numbers keep their digits, binary is base64, and sets are
/// marked as such.
#[must_use]
pub fn to_json(item: &Item, shown: impl Fn(&str, &AttributeValue) -> Shown) -> String {
    let mut text = String::with_capacity(256);
    text.push('{');
    let empty = text.len();
    for (name, value) in item {
        let shown = shown(name, value);
        if shown == Shown::Nothing {
            continue;
        }
        if text.len() > empty {
            text.push(',');
        }
        write_text(name, &mut text);
        text.push(':');
        match shown {
            Shown::Other(other) => write_text(&other, &mut text),
            _ => write_value(value, &mut text),
        }
    }
    text.push('}');
    text
}

/// A value on its own, in the same form.
pub(crate) fn value_json(value: &AttributeValue) -> String {
    let mut text = String::new();
    write_value(value, &mut text);
    text
}

fn write_object<'a>(fields: impl Iterator<Item = (&'a String, &'a AttributeValue)>, text: &mut String) {
    text.push('{');
    for (number, (name, value)) in fields.enumerate() {
        if number > 0 {
            text.push(',');
        }
        write_text(name, text);
        text.push(':');
        write_value(value, text);
    }
    text.push('}');
}

fn write_value(value: &AttributeValue, text: &mut String) {
    match value {
        AttributeValue::S(string) => write_text(string, text),
        AttributeValue::N(digits) => text.push_str(digits),
        AttributeValue::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        AttributeValue::B(bytes) => write_text(&STANDARD.encode(bytes), text),
        AttributeValue::L(list) => write_list(list, text, write_value),
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            write_object(sorted.into_iter(), text);
        }
        AttributeValue::Ss(set) => write_set(sorted(set), text, |string, text| write_text(string, text)),
        AttributeValue::Ns(set) => write_set(sorted(set), text, |digits, text| text.push_str(digits)),
        AttributeValue::Bs(set) => {
            let mut sorted: Vec<_> = set.iter().map(|bytes| STANDARD.encode(bytes)).collect();
            sorted.sort();
            write_set(sorted, text, |encoded, text| write_text(&encoded, text));
        }
        _ => text.push_str("null"),
    }
}

/// The same set is always the same text.
fn sorted(set: &[String]) -> Vec<&String> {
    let mut sorted: Vec<_> = set.iter().collect();
    sorted.sort();
    sorted
}

/// Sets have no order and JSON has no sets: `{"$set": […]}` tells one from a list.
fn write_set<T>(set: Vec<T>, text: &mut String, write: impl Fn(T, &mut String)) {
    text.push_str("{\"$set\":");
    write_list(set, text, write);
    text.push('}');
}

fn write_list<T>(list: impl IntoIterator<Item = T>, text: &mut String, write: impl Fn(T, &mut String)) {
    text.push('[');
    for (number, value) in list.into_iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        write(value, text);
    }
    text.push(']');
}

fn write_text(string: &str, text: &mut String) {
    // Escaping a text cannot fail; the fallback keeps the line valid all the same.
    text.push_str(&serde_json::to_string(string).unwrap_or_else(|_| "null".to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.to_owned())
    }

    #[test]
    fn a_record_becomes_one_line_without_loss() {
        let item = Item::from([
            ("id".to_owned(), n("123456789012345678901234567890.123")),
            ("text".to_owned(), AttributeValue::S("a\u{2028}\n\"\u{1}".to_owned())),
            ("raw".to_owned(), AttributeValue::B(vec![0, 255].into())),
            ("tags".to_owned(), AttributeValue::Ns(vec!["1".into(), "2".into()])),
            ("secret".to_owned(), AttributeValue::S("f3293f".to_owned())),
            ("who".to_owned(), AttributeValue::S("bob".to_owned())),
        ]);
        let shown = |name: &str, _: &AttributeValue| match name {
            "secret" => Shown::Nothing,
            "who" => Shown::Other("\"x\"".to_owned()),
            _ => Shown::AsItIs,
        };
        assert_eq!(
            to_json(&item, shown),
            "{\"id\":123456789012345678901234567890.123,\"raw\":\"AP8=\",\"tags\":{\"$set\":[1,2]},\
             \"text\":\"a\u{2028}\\n\\\"\\u0001\",\"who\":\"\\\"x\\\"\"}"
        );
    }

    #[test]
    fn an_object_of_json_becomes_the_same_line_again() {
        let line = "{\"a\":1E400,\"b\":[true,false,null,-0.0],\"c\":{\"d\":\"\u{1F600}\\n\"},\"e\":{}}";
        let json = RawValue::from_string(line.to_owned()).unwrap();
        assert_eq!(to_json(&from_json(&json).unwrap(), |_, _| Shown::AsItIs), line);
    }

    #[test]
    fn json_that_is_no_record_is_none() {
        for json in
            ["[]".to_owned(), "1".to_owned(), format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40))]
        {
            let json = RawValue::from_string(json).unwrap();
            assert_eq!(from_json(&json), None, "{json}");
        }
    }

    #[test]
    fn keys_survive_their_stored_form() {
        let values = HashMap::from([
            ("a".to_owned(), AttributeValue::S("1".to_owned())),
            ("b".to_owned(), n("1")),
            ("c".to_owned(), AttributeValue::B(vec![7].into())),
        ]);
        let stored = serde_json::to_string(&key_of(&values).unwrap()).unwrap();
        let read: Key = serde_json::from_str(&stored).unwrap();
        assert_eq!(key_values(&read).unwrap(), values);
    }
}
