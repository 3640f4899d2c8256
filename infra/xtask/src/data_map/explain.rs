use std::fmt::Write;

use habeas_domain::{AccountId, EmailAddress};
use habeas_sources::{Address, DataMap, EMAIL, Erase, Find, Identity, Mask, Masking, OfOthers, Source};

/// Where a person would be looked for, source by source.
pub(super) fn explain(map: &DataMap, address: &EmailAddress, account: Option<&AccountId>) -> String {
    let account = account.map_or("<account>", AccountId::as_str);
    let mut text = format!("{} in the account {account} would be looked for in\n", address.as_str());
    for identity in &map.identities {
        let Identity { id, id_field, from, find_field, index, address, account_field } = identity;
        let place = match index {
            Some(index) => format!("index {index} of table {}", address.table),
            None => format!("table {}", address.table),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "\nwith every {id} that follows from their {from}: query {place} for {find_field} = {from}, \
             where {account_field} is \"{account}\", and take {id_field}"
        );
    }
    for source in map.sources() {
        let lines = [find(map, source, address, account), vec![export(source)], vec![deletion(source)]];
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
    let value = |id: &str| match id {
        EMAIL => format!("\"{}\"", address.as_str()),
        id => format!("each {id}"),
    };
    let rule = |find: &Find| match (find, &source.address) {
        (Find::Subject { subject_field, id, index }, Address::DynamoDb(place)) => {
            let table = &place.table;
            let how = match index {
                Some(index) => format!("query index {index} of table {table}"),
                None if source.scans(find) => format!("READ ALL of table {table}"),
                None => format!("query table {table}"),
            };
            format!("{how} for {subject_field} = {}{of_account}", value(id))
        }
        (Find::Subject { subject_field, id, .. }, Address::Lambda(place)) => {
            let function = &place.function;
            format!("ask function {function} for {subject_field} = {}{of_account}", value(id))
        }
        (Find::Prefix { prefix }, Address::S3(place)) => {
            let versions = if place.versions { "all versions of the objects" } else { "the objects" };
            let prefix = prefix.to_string().replace("{account}", account);
            format!("{versions} s3://{}/{}*", place.bucket, prefix.replace("{email}", address.as_str()))
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
        // The map's check refuses these.
        (Find::Subject { .. }, Address::S3(_))
        | (Find::Prefix { .. }, Address::DynamoDb(_) | Address::Lambda(_))
        | (Find::Through { .. }, Address::Lambda(_)) => String::new(),
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
        (Erase::Delete, Address::DynamoDb(_) | Address::Lambda(_)) => "their own records go".to_owned(),
        (Erase::Delete, Address::S3(_)) => "the objects go, with all their versions".to_owned(),
        (Erase::Mask(mask), _) => format!("their own records stay, {}", masked(mask)),
        (Erase::AnonymiseShared { shared_with, mask }, _) => format!(
            "their own records go where {shared_with} has nobody but people of the request, and stay \
             otherwise, {}",
            masked(mask)
        ),
        (Erase::Retain { reason }, _) => format!("nothing goes: {reason}"),
    };
    format!("deletion: {what}")
}

/// What a masked record is without, and what it has instead.
fn masked(mask: &Mask) -> String {
    let removed: Vec<_> = mask.removed().collect();
    let removed = (!removed.is_empty()).then(|| format!("without {}", removed.join(", ")));
    let replaced = mask.replaced().map(|(field, how)| match how {
        Masking::Remove => format!("without {field}"),
        Masking::Null => format!("with null for {field}"),
        Masking::Constant(text) => format!("with \"{text}\" for {field}"),
        Masking::Pseudonym => format!("with a pseudonym for {field}"),
        Masking::Truncate(1) => format!("with the first character of {field}"),
        Masking::Truncate(chars) => format!("with the first {chars} characters of {field}"),
    });
    removed.into_iter().chain(replaced).collect::<Vec<_>>().join(", ")
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
            "deletion: their own records go where meeting_participants has nobody but people of the request, \
             and stay otherwise, without host_email",
            "deletion: the objects go, with all their versions",
            "Not: Cloud recordings.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    const OTHER_CONNECTORS: &str = r#"
        version = 1
        [[identity]]
        id = "user_id"
        account_field = "tenant"
        dynamodb = { table = "users", key = ["address"] }
        find_field = "address"
        id_field = "number"
        [[identity]]
        id = "device_id"
        from = "user_id"
        account_field = "tenant"
        dynamodb = { table = "devices", key = ["serial"] }
        find_field = "owner"
        index = "by-owner"
        id_field = "serial"
        [[source]]
        name = "surveys"
        data_type = "meetings"
        account_field = "tenant"
        lambda = { function = "surveys", key = ["answer"] }
        find = [{ subject_field = "who", id = "user_id" }]
        [source.erase]
        rule = "mask"
        remove = ["who"]
        fields = { score = "null", comment = { constant = "gone" } }
        [[source]]
        name = "polls"
        data_type = "meetings"
        account_field = "tenant"
        lambda = { function = "polls", key = ["vote"] }
        find = [{ subject_field = "email" }]
        erase = { rule = "delete" }
        [[source]]
        name = "calls"
        data_type = "meetings"
        account_field = "tenant"
        dynamodb = { table = "calls", key = ["call"] }
        find = [{ subject_field = "device", id = "device_id", index = "by-device" }]
        [source.erase]
        rule = "mask"
        fields = { device = "pseudonym", number = { truncate = 3 }, prefix = { truncate = 1 } }
        [[source]]
        name = "backgrounds"
        data_type = "meetings"
        security_fields = ["upload-token"]
        s3 = { bucket = "files", versions = true }
        find = [{ prefix = "backgrounds/{account}/{user_id}/" }]
        erase = { rule = "delete" }
        [[source]]
        name = "pictures"
        data_type = "meetings"
        s3 = { bucket = "files" }
        find = [{ prefix = "pictures/{account}/{email}/" }]
        erase = { rule = "delete" }
    "#;

    #[test]
    fn ids_are_told_with_where_they_come_from_and_what_they_find() {
        let map = DataMap::parse(OTHER_CONNECTORS, "123456789012", "eu-central-1").unwrap();
        let ana = EmailAddress::parse("ana@amber.example").unwrap();
        let text = explain(&map, &ana, Some(&AccountId::parse("amber").unwrap()));
        for line in [
            "with every user_id that follows from their email: query table users for address = email, \
             where tenant is \"amber\", and take number",
            "with every device_id that follows from their user_id: query index by-owner of table devices \
             for owner = user_id, where tenant is \"amber\", and take serial",
            "query index by-device of table calls for device = each device_id, where tenant is \"amber\"",
            "ask function surveys for who = each user_id, where tenant is \"amber\"",
            "deletion: their own records stay, without who, with \"gone\" for comment, with null for score",
            "deletion: their own records stay, with a pseudonym for device, with the first 3 characters of \
             number, with the first character of prefix",
            "ask function polls for email = \"ana@amber.example\", where tenant is \"amber\"",
            "deletion: their own records go",
            "all versions of the objects s3://files/backgrounds/amber/{user_id}/*",
            "export: all fields; without upload-token",
            "the objects s3://files/pictures/amber/ana@amber.example/*",
            "deletion: the objects go, with all their versions",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn an_account_that_is_not_named_stands_for_any() {
        let map = DataMap::parse(OTHER_CONNECTORS, "123456789012", "eu-central-1").unwrap();
        let ana = EmailAddress::parse("ana@amber.example").unwrap();
        let text = explain(&map, &ana, None);
        assert!(text.contains("s3://files/pictures/<account>/ana@amber.example/*"), "{text}");
    }
}
