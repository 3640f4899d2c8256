mod erase;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::identity;
use super::read::Draft;
use super::reader::Reader;
use super::{Address, BucketAddress, EMAIL, Find, FunctionAddress, Source, TableAddress};

/// What no single field shows: whether the parts of a map fit together. `named`
/// has the names of those too that could not be read.
pub(super) fn check(
    drafts: &[Draft],
    named: &BTreeSet<&str>,
    identities: &[identity::Draft],
    ids: &BTreeSet<&str>,
    reader: &mut Reader<'_>,
) {
    erase::check_links(drafts, identities, reader);
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
            Address::S3(address) => check_s3(draft, address, reader),
            Address::Lambda(address) => check_lambda(draft, address, reader),
        }
        check_ids(draft, ids, reader);
        check_rules(draft, &names, named, reader);
        check_others(draft, reader);
        erase::check(draft, &names, named, reader);
    }
    for (number, draft) in drafts.iter().enumerate() {
        for earlier in &drafts[..number] {
            check_same_table(earlier, draft, reader);
            check_same_objects(earlier, draft, reader);
        }
    }
}

/// What is said of a table once must be said of it wherever it is named: a record
/// is exported and erased by each.
fn check_same_table(earlier: &Draft, draft: &Draft, reader: &mut Reader<'_>) {
    let (one, other) = (&earlier.source, &draft.source);
    let (Address::DynamoDb(its), Address::DynamoDb(address)) = (&one.address, &other.address) else { return };
    if its.table != address.table {
        return;
    }
    let security = |fields: &[String]| fields.iter().cloned().collect::<BTreeSet<_>>();
    let is_same = its.key == address.key
        && one.account_field == other.account_field
        && security(&one.security_fields) == security(&other.security_fields)
        && one.erase == other.erase;
    if !is_same {
        let what = format!(
            "`{}` has the same table: `key`, `account_field`, `security_fields` and `erase` must be the same too",
            one.name
        );
        reader.wrong(&draft.address_at, what);
    }
    if one.own_field().is_some() && one.own_field() == other.own_field() {
        let what = format!("`{}` finds the same records: each would be exported twice", one.name);
        reader.wrong(&draft.address_at, what);
    }
}

/// An object is exported and counted by every source that finds it.
fn check_same_objects(earlier: &Draft, draft: &Draft, reader: &mut Reader<'_>) {
    let (Address::S3(its), Address::S3(address)) = (&earlier.source.address, &draft.source.address) else {
        return;
    };
    if its.bucket != address.bucket {
        return;
    }
    let prefix = |draft: &Draft| {
        draft.source.find.iter().find_map(|find| match find {
            Find::Prefix { prefix } => Some(prefix.to_string()),
            Find::Subject { .. } | Find::Through { .. } => None,
        })
    };
    let (Some(one), Some(other)) = (prefix(earlier), prefix(draft)) else { return };
    if one.starts_with(&other) || other.starts_with(&one) {
        let what = format!("`{}` finds the same objects: each would be exported twice", earlier.source.name);
        reader.wrong(&draft.address_at, what);
    }
}

/// The rules of a source, each with its place.
fn rules(draft: &Draft) -> impl Iterator<Item = (&Find, &Range<usize>)> {
    draft.source.find.iter().zip(&draft.find_at)
}

fn check_rules(
    draft: &Draft,
    names: &BTreeMap<&str, &Draft>,
    named: &BTreeSet<&str>,
    reader: &mut Reader<'_>,
) {
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
                match names.get(parent.as_str()) {
                    Some(found) => check_parent(draft, &found.source, at, reader),
                    // One that could not be read is wrong for itself.
                    None if named.contains(parent.as_str()) => {}
                    None => reader.wrong(at, format!("there is no source `{parent}` to go through")),
                }
            }
            Find::Prefix { .. } if matches!(draft.source.address, Address::S3(_)) => {}
            Find::Prefix { .. } => reader.wrong(at, "`prefix` finds objects, and so needs `s3`"),
        }
    }
}

fn check_parent(draft: &Draft, parent: &Source, at: &Range<usize>, reader: &mut Reader<'_>) {
    let name = &parent.name;
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
    check_account_field(draft, reader);
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
    if source.scan_parts > 1 && scanning.is_empty() {
        reader.wrong(&draft.parts_at, "nothing here reads a whole table: leave `scan_parts` out");
    }
    if key.len() == 2 && key[0] == key[1] {
        reader.wrong(&draft.address_at, "partition key and sort key are two fields");
    }
}

fn check_account_field(draft: &Draft, reader: &mut Reader<'_>) {
    let source = &draft.source;
    if source.account_field.is_none() {
        reader.wrong(
            &draft.name_at,
            "a source of records needs `account_field`: without it one account could read another's",
        );
    }
    if source.own_field().is_some_and(|(field, _)| Some(field) == source.account_field.as_deref()) {
        reader.wrong(&draft.name_at, "`account_field` and `subject_field` are the same field");
    }
}

/// Rules by ids that nothing leads to would find nothing, and say so of everybody.
fn check_ids(draft: &Draft, ids: &BTreeSet<&str>, reader: &mut Reader<'_>) {
    for (find, at) in rules(draft) {
        let id = match find {
            Find::Subject { id, .. } => id.as_str(),
            Find::Prefix { prefix } => prefix.id(),
            Find::Through { .. } => continue,
        };
        if id != EMAIL && !ids.contains(id) {
            let what =
                format!("nothing leads to `{id}`: it is neither `{EMAIL}` nor the `id` of an [[identity]]");
            reader.wrong(at, what);
        }
    }
}

fn check_lambda(draft: &Draft, address: &FunctionAddress, reader: &mut Reader<'_>) {
    check_account_field(draft, reader);
    let fields: BTreeSet<_> = address.key.iter().collect();
    if address.key.is_empty() || fields.len() < address.key.len() {
        reader
            .wrong(&draft.address_at, "`key` names the fields that tell one record from another, each once");
    }
    for (find, at) in rules(draft) {
        match find {
            Find::Subject { index: None, .. } => {}
            Find::Subject { index: Some(_), .. } => reader.wrong(at, "a function has no index"),
            Find::Through { .. } => {
                reader.wrong(at, "a function is asked by `subject_field`, and not `through` a source");
            }
            Find::Prefix { .. } => {}
        }
    }
    check_no_scan(draft, "a function is never read whole", reader);
}

fn check_no_scan(draft: &Draft, why: &str, reader: &mut Reader<'_>) {
    if draft.source.allow_scan {
        reader.wrong(&draft.scan_at, format!("{why}: leave `allow_scan` out"));
    }
    if draft.source.scan_parts > 1 {
        reader.wrong(&draft.parts_at, format!("{why}: leave `scan_parts` out"));
    }
}

fn check_s3(draft: &Draft, address: &BucketAddress, reader: &mut Reader<'_>) {
    for (find, at) in rules(draft) {
        match find {
            Find::Subject { .. } => {
                let what =
                    "objects are found by `prefix`, or `through` a source whose records hold their keys";
                reader.wrong(at, what);
            }
            Find::Prefix { prefix } if !prefix.names_account() => {
                let what = "a prefix has `{account}`: the same id may be another account's too, \
                            or its objects could be another account's";
                reader.wrong(at, what);
            }
            Find::Through { .. } if address.versions => {
                reader.wrong(&draft.address_at, "`versions` are of objects that are found by `prefix`");
            }
            Find::Prefix { .. } | Find::Through { .. } => {}
        }
    }
    if draft.source.find.len() > 1 {
        reader.wrong(&draft.name_at, "objects are found by one rule: several could find the same one twice");
    }
    check_no_scan(draft, "a bucket is never read whole", reader);
    for (fields, at) in
        [(&draft.source.others, &draft.others_at), (&draft.source.mentions, &draft.mentions_at)]
    {
        if !fields.is_empty() {
            reader.wrong(at, "an object has no fields about other people");
        }
    }
    let source = &draft.source;
    if source.time_field.is_some() || source.account_field.is_some() {
        let what = "an object has no fields: `account_field` and `time_field` are those of the record that \
                    leads to it, or else its key and its last change count";
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
