use std::collections::{BTreeMap, BTreeSet};

use super::super::identity;
use super::super::read::Draft;
use super::super::reader::Reader;
use super::super::{Address, EMAIL, Erase, Find, Mask, Masking};

/// Whether a source can be erased as its rule says, and whether nothing that is
/// found as the person's is left by it.
pub(super) fn check(
    draft: &Draft,
    names: &BTreeMap<&str, &Draft>,
    named: &BTreeSet<&str>,
    reader: &mut Reader<'_>,
) {
    let (source, at) = (&draft.source, &draft.erase_at);
    match (&source.address, &source.erase) {
        (_, Erase::Delete | Erase::Retain { .. }) => {}
        (Address::S3(_), _) => {
            reader.wrong(&at.whole, "an object cannot be masked: use `delete` or `retain`");
        }
        (Address::Lambda(address), Erase::Mask(mask)) => {
            check_mask(draft, mask, &address.key, reader);
            check_functions_mask(draft, mask, reader);
        }
        (Address::Lambda(_), Erase::AnonymiseShared { .. }) => {
            let what = "of a function's records nothing tells who else has a part in them: \
                        use `delete`, `mask` or `retain`";
            reader.wrong(&at.whole, what);
        }
        (Address::DynamoDb(address), Erase::Mask(mask)) => check_mask(draft, mask, &address.key, reader),
        (Address::DynamoDb(address), Erase::AnonymiseShared { shared_with, mask }) => {
            check_mask(draft, mask, &address.key, reader);
            check_shared(draft, shared_with, names, named, reader);
        }
    }
    let is_table = matches!(source.address, Address::DynamoDb(_));
    if is_table && source.own_field().is_none() && !matches!(source.erase, Erase::Retain { .. }) {
        let what = "nothing here is the person's own, so nothing would be erased: name a `subject_field`, \
                    or `retain` with the reason";
        reader.wrong(&at.whole, what);
    }
}

/// With a record gone that ids follow from, a later request, of another data type
/// or again after a deletion that has failed, would find nothing by them, and say so.
pub(super) fn check_links(drafts: &[Draft], identities: &[identity::Draft], reader: &mut Reader<'_>) {
    let by_id = |draft: &&Draft| {
        draft.source.find.iter().any(|find| match find {
            Find::Subject { id, .. } => id != EMAIL,
            Find::Prefix { prefix } => prefix.id() != EMAIL,
            Find::Through { .. } => false,
        })
    };
    for draft in drafts {
        let Address::DynamoDb(address) = &draft.source.address else { continue };
        let links = identities.iter().any(|link| link.identity.address.table == address.table);
        if !links || matches!(draft.source.erase, Erase::Retain { .. }) {
            continue;
        }
        if let Some(other) = drafts.iter().find(by_id) {
            let what = format!(
                "ids follow from these records, and `{}` is found by ids: `retain` them, or what is left \
                 of it, or is of another data type, is lost to the next request",
                other.source.name
            );
            reader.wrong(&draft.erase_at.whole, what);
        }
    }
}

fn check_mask(draft: &Draft, mask: &Mask, key: &[String], reader: &mut Reader<'_>) {
    let source = &draft.source;
    let needed = [&source.account_field, &source.time_field];
    for (field, at) in &draft.erase_at.fields {
        if needed.into_iter().flatten().any(|needed| needed == field) {
            let what = format!("`{field}` cannot be masked: the record could not be read any more");
            reader.wrong(at, what);
        }
        if key.contains(field) {
            reader.wrong(at, format!("`{field}` is part of the key and cannot be masked"));
        }
    }
    check_own_field(draft, mask, reader);
}

/// What says whose a record is says of an erased one that it is nobody's: so it is
/// not found again, and not erased twice.
fn check_own_field(draft: &Draft, mask: &Mask, reader: &mut Reader<'_>) {
    const INSTEAD: &str = "`remove` it, or put a constant or a pseudonym in its place";
    let whole = &draft.erase_at.whole;
    for find in &draft.source.find {
        let Find::Subject { subject_field: field, index, .. } = find else { continue };
        let at = draft.erase_at.fields.get(field).unwrap_or(whole);
        match mask.fields.get(field) {
            Some(Masking::Remove | Masking::Constant(_) | Masking::Pseudonym) => {}
            Some(Masking::Truncate(_)) => {
                let what =
                    format!("`{field}` says whose the record is, and of a short id all stays: {INSTEAD}");
                reader.wrong(at, what);
            }
            Some(Masking::Null) if index.is_some() => {
                let what = format!("`{field}` is the key of an index, which takes no NULL: {INSTEAD}");
                reader.wrong(at, what);
            }
            Some(Masking::Null) => {
                reader.wrong(at, format!("`{field}` says whose the record is: {INSTEAD}"));
            }
            None => {
                let what = format!("the mask must name `{field}`, or the records would still be found");
                reader.wrong(at, what);
            }
        }
    }
}

/// What the contract with functions has no words for.
fn check_functions_mask(draft: &Draft, mask: &Mask, reader: &mut Reader<'_>) {
    for (field, at) in &draft.erase_at.fields {
        let how = match mask.fields.get(field) {
            Some(Masking::Pseudonym) => "a pseudonym",
            Some(Masking::Truncate(_)) => "a part of the text",
            Some(Masking::Remove | Masking::Null | Masking::Constant(_)) | None => continue,
        };
        let what = format!("a function removes fields, or puts null or a constant there, and not {how}");
        reader.wrong(at, what);
    }
}

/// The other source leads from a record to those who have a part in it.
fn check_shared(
    draft: &Draft,
    shared_with: &str,
    names: &BTreeMap<&str, &Draft>,
    named: &BTreeSet<&str>,
    reader: &mut Reader<'_>,
) {
    let (source, at) = (&draft.source, &draft.erase_at.shared_with);
    let Some(with) = names.get(shared_with).map(|draft| &draft.source) else {
        // One that could not be read is wrong for itself.
        if !named.contains(shared_with) {
            reader.wrong(at, format!("there is no source `{shared_with}` that could say who has a part"));
        }
        return;
    };
    if !matches!(with.address, Address::DynamoDb(_)) {
        reader.wrong(at, format!("`{shared_with}` is no table, so it does not say who has a part"));
        return;
    }
    let leads = |parent: &str| match names.get(parent) {
        Some(parent) => parent.source.address == source.address,
        None => named.contains(parent),
    };
    if !with.parent().is_some_and(leads) {
        let what = format!("`{shared_with}` is not found `through` `{}`: nothing leads there", source.name);
        reader.wrong(at, what);
    }
    if with.own_field().is_none() {
        reader.wrong(at, format!("`{shared_with}` has no `subject_field` that says who has a part"));
    }
    if with.data_type != source.data_type {
        reader.wrong(at, format!("`{shared_with}` is of another data type, which a request may leave out"));
    }
}
