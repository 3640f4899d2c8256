use std::collections::BTreeSet;
use std::ops::Range;

use super::read::{Places, index, table};
use super::reader::{Fields, Reader, Value};
use super::{EMAIL, Identity};

/// What stands for the account in prefixes, and so is no id's name.
const RESERVED: &str = "account";

/// A rule of identity, and where in the text its parts are.
pub(super) struct Draft {
    pub(super) identity: Identity,
    id_at: Range<usize>,
    from_at: Range<usize>,
    find_at: Range<usize>,
    key_at: Range<usize>,
}

pub(super) fn read(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<Draft> {
    let mut fields = Fields::of(value, "an identity", reader)?;
    let id = fields.required("id", "what the id is called that is learnt", reader);
    let id_at = id.map(toml::Spanned::span);
    let id = id.and_then(|value| reader.text(value));
    let from = fields.get("from");
    let from_at = from.map_or_else(|| value.span(), toml::Spanned::span);
    let from = from.map_or_else(|| Some(EMAIL.to_owned()), |value| reader.text(value));
    let mut text = |name, meaning, reader: &mut Reader<'_>| {
        let value = fields.required(name, meaning, reader)?;
        Some((reader.text(value)?, value.span()))
    };
    let account_field = text("account_field", "the field that says whose account a record is of", reader);
    let find_field = text("find_field", "the field that holds the id that is known", reader);
    let id_field = text("id_field", "the field that holds the id that is learnt", reader);
    let index = fields.get("index").map(|value| index(value, reader));
    let dynamodb = fields.required("dynamodb", "the table whose records have both ids", reader);
    let key_at = dynamodb.map(toml::Spanned::span);
    let address = dynamodb.and_then(|value| table(value, places, reader));
    fields.finish(reader);
    let (find_field, find_at) = find_field?;
    let identity = Identity {
        id: id?,
        id_field: id_field?.0,
        from: from?,
        find_field,
        index: index.flatten(),
        address: address?,
        account_field: account_field?.0,
    };
    Some(Draft { identity, id_at: id_at?, from_at, find_at, key_at: key_at? })
}

/// Whether every id can be learnt, and by a key.
pub(super) fn check(drafts: &[Draft], reader: &mut Reader<'_>) {
    let mut led_to = BTreeSet::from([EMAIL]);
    // Each round follows the rules one step further.
    for _ in drafts {
        let next = drafts.iter().filter(|draft| led_to.contains(draft.identity.from.as_str()));
        let next: Vec<_> = next.map(|draft| draft.identity.id.as_str()).collect();
        led_to.extend(next);
    }
    for draft in drafts {
        let Identity { id, from, find_field, index, address, .. } = &draft.identity;
        let name_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !id.chars().all(name_fits) || id == RESERVED {
            reader.wrong(&draft.id_at, "an id's name consists of a-z, 0-9 and _, and is not `account`");
        }
        if !led_to.contains(from.as_str()) {
            let what = format!("nothing leads from `{EMAIL}` to `{from}`");
            reader.wrong(&draft.from_at, what);
        }
        if address.key.is_empty() || address.key.len() > 2 {
            reader.wrong(&draft.key_at, "`key` names the partition key, and the sort key where there is one");
        }
        if index.is_none() && address.key.first() != Some(find_field) {
            let what = format!("no index is named, and `{find_field}` is not the partition key");
            reader.wrong(&draft.find_at, what);
        }
    }
}
