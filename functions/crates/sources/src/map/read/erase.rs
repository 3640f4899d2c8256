use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::{Range, RangeInclusive};

use toml::de::DeValue;

use crate::map::reader::{Fields, Reader, Value};
use crate::map::{Erase, Mask, Masking};

/// What stays of a text is to say little of it.
const TRUNCATED_CHARS: RangeInclusive<u32> = 1..=100;

const HOW: &str = "expected \"null\", \"pseudonym\", { constant = \"…\" } or { truncate = … }";

/// Where in the text a rule of erasing is, and its parts.
#[derive(Default)]
pub(in crate::map) struct EraseAt {
    pub(in crate::map) whole: Range<usize>,
    pub(in crate::map) shared_with: Range<usize>,
    /// The fields that are masked.
    pub(in crate::map) fields: BTreeMap<String, Range<usize>>,
}

pub(super) fn read(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<(Erase, EraseAt)> {
    #[derive(Clone, Copy)]
    enum Rule {
        Delete,
        Mask,
        AnonymiseShared,
        Retain,
    }
    let rules = [
        ("delete", Rule::Delete),
        ("mask", Rule::Mask),
        ("anonymise_shared", Rule::AnonymiseShared),
        ("retain", Rule::Retain),
    ];
    let mut fields = Fields::of(value, "`erase`", reader)?;
    let rule = fields.required("rule", "\"delete\", \"mask\", \"anonymise_shared\" or \"retain\"", reader);
    let mut at = EraseAt { whole: value.span(), ..EraseAt::default() };
    // What else there is to say depends on the rule.
    let erase = match reader.one_of(rule?, &rules)? {
        Rule::Delete => {
            fields.call("`erase` by \"delete\"");
            Some(Erase::Delete)
        }
        Rule::Mask => {
            fields.call("`erase` by \"mask\"");
            mask(&mut fields, &mut at, reader).map(Erase::Mask)
        }
        Rule::AnonymiseShared => {
            fields.call("`erase` by \"anonymise_shared\"");
            let with = fields.required("shared_with", "the source that says who else has a part", reader);
            at.shared_with = with.map_or(0..0, toml::Spanned::span);
            let with = with.and_then(|value| reader.text(value));
            let mask = mask(&mut fields, &mut at, reader);
            with.zip(mask).map(|(shared_with, mask)| Erase::AnonymiseShared { shared_with, mask })
        }
        Rule::Retain => {
            fields.call("`erase` by \"retain\"");
            let reason = fields.required("reason", "the law that the record is kept by", reader);
            reason.and_then(|value| reader.text(value)).map(|reason| Erase::Retain { reason })
        }
    };
    fields.finish(reader);
    Some((erase?, at))
}

/// The fields under `remove` and `fields`, which are one mask.
fn mask(fields: &mut Fields<'_, '_>, at: &mut EraseAt, reader: &mut Reader<'_>) -> Option<Mask> {
    let told = reader.count();
    let removed = fields.get("remove").and_then(|value| removed(value, reader)).unwrap_or_default();
    let replaced = fields.get("fields").and_then(|value| replaced(value, reader)).unwrap_or_default();
    if reader.count() > told {
        return None;
    }
    if removed.is_empty() && replaced.is_empty() {
        reader.wrong(&at.whole, "at least one field is named, under `remove` or `fields`");
        return None;
    }
    let mut mask = Mask::default();
    for (field, how, place) in removed.into_iter().chain(replaced) {
        match mask.fields.entry(field) {
            Entry::Vacant(entry) => {
                at.fields.insert(entry.key().clone(), place);
                entry.insert(how);
            }
            Entry::Occupied(entry) => reader.wrong(&place, format!("`{}` is named twice", entry.key())),
        }
    }
    Some(mask)
}

/// A field, what becomes of it, and where that stands.
type Masked = (String, Masking, Range<usize>);

fn removed(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Vec<Masked>> {
    reader.list(value, "texts", |reader, value| Some((reader.text(value)?, Masking::Remove, value.span())))
}

fn replaced(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Vec<Masked>> {
    let fields = Fields::of(value, "`fields`", reader)?;
    let masked = fields.all().filter_map(|(field, value)| {
        let how = masking(value, reader)?;
        Some((field.to_owned(), how, value.span()))
    });
    Some(masked.collect())
}

/// How a field is masked: a word, or a table of one entry.
fn masking(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Masking> {
    match value.get_ref() {
        DeValue::String(_) => {
            let is_pseudonym = reader.one_of(value, &[("null", false), ("pseudonym", true)])?;
            Some(if is_pseudonym { Masking::Pseudonym } else { Masking::Null })
        }
        DeValue::Table(_) => {
            let mut fields = Fields::of(value, "how a field is masked", reader)?;
            let masking = match (fields.get("constant"), fields.get("truncate")) {
                (Some(text), None) => reader.text(text).map(Masking::Constant),
                (None, Some(length)) => reader.whole(length, TRUNCATED_CHARS).map(Masking::Truncate),
                _ => {
                    reader.wrong(&value.span(), HOW);
                    return None;
                }
            };
            fields.finish(reader);
            masking
        }
        _ => {
            reader.wrong(&value.span(), HOW);
            None
        }
    }
}
