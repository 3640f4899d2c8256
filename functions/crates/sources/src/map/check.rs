use std::collections::HashSet;

use super::{Address, DataMap, Erase, Find, Source};
use crate::MapError;

/// What TOML's types cannot say about a data map.
pub(super) fn check(map: &DataMap) -> Result<(), MapError> {
    if map.version != 1 {
        return Err(MapError::Version(map.version));
    }
    let mut names = HashSet::new();
    for source in &map.sources {
        check_source(map, source)
            .and_then(|()| {
                if names.insert(&source.name) { Ok(()) } else { Err("the name is used twice".to_owned()) }
            })
            .map_err(|what| MapError::Source { name: source.name.clone(), what })?;
    }
    Ok(())
}

fn check_source(map: &DataMap, source: &Source) -> Result<(), String> {
    let name_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if source.name.is_empty() || !source.name.chars().all(name_fits) {
        return Err("a name consists of a-z, 0-9, _ and -".to_owned());
    }
    if source.find.is_empty() {
        return Err("`find` needs at least one rule".to_owned());
    }
    match &source.address {
        Address::DynamoDb(address) => check_dynamodb(source, &address.key)?,
        Address::S3(_) => check_s3(source)?,
    }
    if source.find.iter().filter(|find| matches!(find, Find::Subject { .. })).count() > 1 {
        return Err(
            "at most one rule by `subject_field`: a record could be another person's by the other".to_owned()
        );
    }
    let through = source.find.iter().skip_while(|find| matches!(find, Find::Subject { .. }));
    for (number, find) in through.enumerate() {
        let Find::Through { through, .. } = find else {
            return Err(
                "rules by `subject_field` stand before the one that goes `through` a source".to_owned()
            );
        };
        if number > 0 {
            return Err("at most one rule may go `through` another source".to_owned());
        }
        check_parent(map, source, through)?;
    }
    Ok(())
}

fn check_dynamodb(source: &Source, key: &[String]) -> Result<(), String> {
    if key.is_empty() || key.len() > 2 {
        return Err("`key` names the partition key, and the sort key where there is one".to_owned());
    }
    if source.account_field.is_none() {
        return Err(
            "`account_field` is missing: without it one account could read another's records".to_owned()
        );
    }
    if let Erase::Mask { remove } = &source.erase {
        if remove.is_empty() {
            return Err("`remove` needs at least one field".to_owned());
        }
        if let Some(field) = remove.iter().find(|field| key.contains(field)) {
            return Err(format!("`{field}` is part of the key and cannot be removed"));
        }
        let found_by = |find: &Find| matches!(find, Find::Subject { subject_field, .. } if !remove.contains(subject_field));
        if source.find.iter().any(found_by) {
            return Err(
                "`remove` must name every `subject_field`, or the records would still be found".to_owned()
            );
        }
    }
    Ok(())
}

fn check_s3(source: &Source) -> Result<(), String> {
    if source.find.iter().any(|find| matches!(find, Find::Subject { .. })) {
        return Err("objects are found `through` a source whose records hold their keys".to_owned());
    }
    if matches!(source.erase, Erase::Mask { .. }) {
        return Err("an object cannot be masked: use `delete` or `retain`".to_owned());
    }
    Ok(())
}

fn check_parent(map: &DataMap, source: &Source, through: &str) -> Result<(), String> {
    let parent = map.source(through).ok_or(format!("there is no source `{through}` to go through"))?;
    if !matches!(parent.address, Address::DynamoDb(_)) {
        return Err(format!("`{through}` has no records to go through"));
    }
    if parent.data_type != source.data_type {
        return Err(format!("`{through}` is of another data type, so a request might not look there"));
    }
    if parent.find.iter().any(|find| matches!(find, Find::Through { .. })) {
        return Err(format!("`{through}` is itself found through a source; one step is the most"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = include_str!("../../../../../infra/data-map.toml");

    fn refusal(from: &str, to: &str) -> String {
        assert!(MAP.contains(from), "the map does not contain {from}");
        DataMap::parse(&MAP.replacen(from, to, 1), "000000000000", "us-east-1").unwrap_err().to_string()
    }

    #[test]
    fn the_map_that_ships_is_good() {
        let map = DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap();
        assert_eq!(map.sources.len(), 9);
        let files = map.source("whiteboard_files").unwrap();
        let Address::S3(address) = &files.address else { panic!("not in S3") };
        assert_eq!(address.bucket, "meetings-app-files-123456789012");
    }

    #[test]
    fn a_mistake_in_the_text_is_named_with_line_and_column() {
        let message = refusal("data_type = \"meetings\"", "data_typ = \"meetings\"");
        assert!(message.contains("line "), "{message}");
    }

    #[test]
    fn a_source_without_its_account_field_is_refused() {
        let message = refusal("account_field = \"account_id\"\n", "");
        assert!(message.contains("`meetings`") && message.contains("account_field"), "{message}");
    }

    #[test]
    fn a_source_that_goes_through_nothing_is_refused() {
        let message = refusal("through = \"meetings\"", "through = \"meeting\"");
        assert!(message.contains("no source `meeting`"), "{message}");
    }

    #[test]
    fn masking_that_leaves_the_subject_findable_is_refused() {
        let message = refusal("remove = [\"host_email\"]", "remove = [\"topic\"]");
        assert!(message.contains("still be found"), "{message}");
    }

    #[test]
    fn a_name_used_twice_is_refused() {
        let message = refusal("name = \"webinars\"", "name = \"meetings\"");
        assert!(message.contains("used twice"), "{message}");
    }
}
