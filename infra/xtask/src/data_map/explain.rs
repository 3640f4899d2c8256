use std::fmt::Write;

use habeas_domain::{AccountId, EmailAddress};
use habeas_sources::{Address, DataMap, Erase, Find, OfOthers, Source};

/// Where a person would be looked for, source by source.
pub(super) fn explain(map: &DataMap, address: &EmailAddress, account: Option<&AccountId>) -> String {
    let account = account.map_or("<account>", AccountId::as_str);
    let mut text = format!("{} in the account {account} would be looked for in\n", address.as_str());
    for source in map.sources() {
        let lines = [find(map, source, address, account), vec![export(source)], vec![deletion(source)]];
        // Writing to a text cannot fail.
        let _ = writeln!(text, "\n{} ({})", source.name, source.data_type);
        for line in lines.concat() {
            let _ = writeln!(text, "  {line}");
        }
    }
    for (number, excluded) in map.excluded.iter().enumerate() {
        let gap = if number == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}Not: {}. {}", excluded.what, excluded.reason);
    }
    text
}

fn find(map: &DataMap, source: &Source, address: &EmailAddress, account: &str) -> Vec<String> {
    let of_account = source.account_field.as_ref();
    let of_account = of_account.map(|field| format!(", where {field} is \"{account}\"")).unwrap_or_default();
    let rule = |find: &Find| match (find, &source.address) {
        (Find::Subject { subject_field, index }, Address::DynamoDb(place)) => {
            let table = &place.table;
            let how = match index {
                Some(index) => format!("query index {index} of table {table}"),
                None if source.scans(find) => format!("READ ALL of table {table}"),
                None => format!("query table {table}"),
            };
            format!("{how} for {subject_field} = \"{}\"{of_account}", address.as_str())
        }
        (Find::Through { through, field }, Address::DynamoDb(place)) => {
            let partition = place.key.first().map_or("", String::as_str);
            format!(
                "for each record of their own in {through}: query table {} for {partition} = its {field}{of_account}",
                place.table
            )
        }
        (Find::Through { through, field }, Address::S3(place)) => {
            let of = map.source(through).map_or("", |parent| parent.name.as_str());
            format!("for each record of their own in {of}: the object s3://{}/<its {field}>", place.bucket)
        }
        (Find::Subject { .. }, Address::S3(_)) => String::new(),
    };
    source.find.iter().map(rule).collect()
}

fn export(source: &Source) -> String {
    let mut parts = vec!["export: all fields".to_owned()];
    if !source.security_fields.is_empty() {
        parts.push(format!("without {}", source.security_fields.join(", ")));
    }
    for (fields, whose) in [(&source.others, "in records of others "), (&source.mentions, "")] {
        for (rule, what) in [(OfOthers::Redact, "without"), (OfOthers::Pseudonymise, "with pseudonyms for")] {
            let fields = fields.iter().filter(|(_, of)| **of == rule).map(|(field, _)| field.as_str());
            let fields: Vec<_> = fields.collect();
            if !fields.is_empty() {
                parts.push(format!("{whose}{what} {}", fields.join(", ")));
            }
        }
    }
    if let Some(field) = &source.time_field {
        parts.push(format!("a date range chooses by {field}"));
    }
    parts.join("; ")
}

fn deletion(source: &Source) -> String {
    let what = match (&source.erase, &source.address) {
        (Erase::Delete, Address::DynamoDb(_)) => "their own records go".to_owned(),
        (Erase::Delete, Address::S3(_)) => "the objects go, with all their versions".to_owned(),
        (Erase::Mask { remove }, _) => format!("their own records stay, without {}", remove.join(", ")),
        (Erase::Retain { reason }, _) => format!("nothing goes: {reason}"),
    };
    format!("deletion: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_says_how_it_is_searched_and_what_becomes_of_it() {
        let map = include_str!("../../../data-map.toml");
        let map = DataMap::parse(map, "123456789012", "eu-central-1").unwrap();
        let ana = EmailAddress::parse("ana@amber.example").unwrap();
        let text = explain(&map, &ana, Some(&AccountId::parse("amber").unwrap()));
        for line in [
            "query index by-host of table meetings-app-meetings for host_email = \"ana@amber.example\", \
             where account_id is \"amber\"",
            "for each record of their own in meetings: query table meetings-app-meeting_participants for \
             meeting_id = its meeting_id, where account_id is \"amber\"",
            "for each record of their own in whiteboards: the object s3://meetings-app-files-123456789012/<its s3_key>",
            "export: all fields; without passcode, encryption_key; a date range chooses by started_at",
            "in records of others without ip_address; in records of others with pseudonyms for device",
            "deletion: their own records stay, without host_email",
            "deletion: the objects go, with all their versions",
            "Not: Cloud recordings.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
