use std::collections::BTreeMap;
use std::ops::Range;

use super::read::Draft;
use super::reader::Reader;
use super::{Address, Erase, Find, TableAddress};

/// What no single field shows: whether the parts of a map fit together.
pub(super) fn check(drafts: &[Draft], reader: &mut Reader<'_>) {
    let mut names: BTreeMap<&str, &Draft> = BTreeMap::new();
    for draft in drafts {
        let name = &draft.source.name;
        let name_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if !name.chars().all(name_fits) {
            reader.wrong(&draft.name_at, "a name consists of a-z, 0-9, _ and -");
        }
        if names.insert(name, draft).is_some() {
            reader.wrong(&draft.name_at, format!("the name `{name}` is used twice"));
        }
    }
    for draft in drafts {
        match &draft.source.address {
            Address::DynamoDb(address) => check_dynamodb(draft, address, reader),
            Address::S3(_) => check_s3(draft, reader),
        }
        check_rules(draft, &names, reader);
        check_others(draft, reader);
    }
}

/// The rules of a source, each with its place.
fn rules(draft: &Draft) -> impl Iterator<Item = (&Find, &Range<usize>)> {
    draft.source.find.iter().zip(&draft.find_at)
}

fn check_rules(draft: &Draft, names: &BTreeMap<&str, &Draft>, reader: &mut Reader<'_>) {
    if draft.source.find.is_empty() {
        reader.wrong(&draft.name_at, "`find` needs at least one rule");
    }
    let (mut by_field, mut through) = (0, 0);
    for (find, at) in rules(draft) {
        match find {
            Find::Subject { .. } => {
                by_field += 1;
                if by_field > 1 {
                    let what = "at most one rule by `subject_field`: a record could be another person's by the other";
                    reader.wrong(at, what);
                }
                if through > 0 {
                    reader.wrong(
                        at,
                        "a rule by `subject_field` stands before the one that goes `through` a source",
                    );
                }
            }
            Find::Through { through: parent, .. } => {
                through += 1;
                if through > 1 {
                    reader.wrong(at, "at most one rule may go `through` another source");
                }
                check_parent(draft, names.get(parent.as_str()).copied(), parent, at, reader);
            }
        }
    }
}

fn check_parent(
    draft: &Draft,
    parent: Option<&Draft>,
    name: &str,
    at: &Range<usize>,
    reader: &mut Reader<'_>,
) {
    let Some(parent) = parent.map(|parent| &parent.source) else {
        return reader.wrong(at, format!("there is no source `{name}` to go through"));
    };
    if !matches!(parent.address, Address::DynamoDb(_)) {
        reader.wrong(at, format!("`{name}` has no records to go through"));
    }
    if parent.data_type != draft.source.data_type {
        reader.wrong(at, format!("`{name}` is of another data type, so a request might not look there"));
    }
    if parent.find.iter().any(|find| parent.scans(find)) {
        reader.wrong(at, format!("`{name}` reads a whole table, so nothing can go through it"));
    }
    if parent.find.iter().any(|find| matches!(find, Find::Through { .. })) {
        reader.wrong(at, format!("`{name}` is itself found through a source; one step is the most"));
    }
}

fn check_dynamodb(draft: &Draft, address: &TableAddress, reader: &mut Reader<'_>) {
    let source = &draft.source;
    let (key, table) = (&address.key, &address.table);
    if key.is_empty() || key.len() > 2 {
        reader.wrong(&draft.address_at, "`key` names the partition key, and the sort key where there is one");
    }
    if source.account_field.is_none() {
        reader.wrong(
            &draft.name_at,
            "a source in DynamoDB needs `account_field`: without it one account could read another's records",
        );
    }
    let scanning: Vec<_> = rules(draft).filter(|(find, _)| source.scans(find)).map(|(_, at)| at).collect();
    match (source.allow_scan, scanning.first()) {
        (false, Some(at)) => reader.wrong(
            at,
            format!(
                "no index is named, and the field is not the partition key of `{table}`: the whole table \
                 would be read for every person. Name an index, or set `allow_scan = true`"
            ),
        ),
        (true, None) => {
            reader.wrong(&draft.scan_at, "nothing here reads a whole table: leave `allow_scan` out")
        }
        _ => {}
    }
    if let Erase::Mask { remove } = &source.erase {
        check_mask(draft, remove, key, reader);
    }
}

fn check_mask(draft: &Draft, remove: &[String], key: &[String], reader: &mut Reader<'_>) {
    if remove.is_empty() {
        reader.wrong(&draft.erase_at, "`remove` needs at least one field");
    }
    for field in remove.iter().filter(|field| key.contains(field)) {
        reader.wrong(&draft.erase_at, format!("`{field}` is part of the key and cannot be removed"));
    }
    for (find, _) in rules(draft) {
        if let Find::Subject { subject_field, .. } = find
            && !remove.contains(subject_field)
        {
            let what = format!("`remove` must name `{subject_field}`, or the records would still be found");
            reader.wrong(&draft.erase_at, what);
        }
    }
}

fn check_s3(draft: &Draft, reader: &mut Reader<'_>) {
    for (_, at) in rules(draft).filter(|(find, _)| matches!(find, Find::Subject { .. })) {
        reader.wrong(at, "objects are found `through` a source whose records hold their keys");
    }
    if matches!(draft.source.erase, Erase::Mask { .. }) {
        reader.wrong(&draft.erase_at, "an object cannot be masked: use `delete` or `retain`");
    }
    if draft.source.allow_scan {
        reader.wrong(&draft.scan_at, "a bucket is never read whole: leave `allow_scan` out");
    }
    for (fields, at) in
        [(&draft.source.others, &draft.others_at), (&draft.source.mentions, &draft.mentions_at)]
    {
        if !fields.is_empty() {
            reader.wrong(at, "an object has no fields about other people");
        }
    }
    if draft.source.time_field.is_some() || !draft.source.security_fields.is_empty() {
        let what = "an object has no fields: `time_field` and `security_fields` are those of the record \
                    that leads to it";
        reader.wrong(&draft.name_at, what);
    }
}

fn check_others(draft: &Draft, reader: &mut Reader<'_>) {
    let source = &draft.source;
    let is_through = source.find.iter().any(|find| matches!(find, Find::Through { .. }));
    if !source.others.is_empty() && !is_through {
        let what = "`others` is for records found `through` another source, and nothing here is; \
                    fields that name other people in the person's own records are `mentions`";
        reader.wrong(&draft.others_at, what);
    }
    for (fields, at) in [(&source.others, &draft.others_at), (&source.mentions, &draft.mentions_at)] {
        for field in source.security_fields.iter().filter(|field| fields.contains_key(*field)) {
            let what = format!("`{field}` is in `security_fields`, so it is never exported anyway");
            reader.wrong(at, what);
        }
    }
    for field in source.mentions.keys() {
        if source.others.contains_key(field) {
            reader.wrong(&draft.mentions_at, format!("`{field}` is in `others` already"));
        }
        let finds =
            |find: &Find| matches!(find, Find::Subject { subject_field, .. } if subject_field == field);
        if source.find.iter().any(finds) {
            let what = format!("`{field}` holds the person's own address, by which the record is found");
            reader.wrong(&draft.mentions_at, what);
        }
    }
}

#[cfg(test)]
mod tests;
