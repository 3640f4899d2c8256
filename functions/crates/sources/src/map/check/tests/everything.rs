use std::collections::BTreeMap;
use std::time::Duration;

use habeas_domain::DataType;

use super::{EVERYTHING, parse};
use crate::{
    Address, BucketAddress, DataMap, Erase, Find, FunctionAddress, Identity, Mask, Masking, OfOthers, Pace,
    PrefixTemplate, Source, TableAddress,
};

fn text(text: &str) -> String {
    text.to_owned()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(text).collect()
}

fn table(table: &str, key: &[&str]) -> TableAddress {
    TableAddress { table: text(table), key: texts(key) }
}

fn mask<const N: usize>(fields: [(&str, Masking); N]) -> Mask {
    Mask { fields: fields.map(|(field, how)| (text(field), how)).into() }
}

fn by(field: &str, id: &str, index: Option<&str>) -> Find {
    Find::Subject { subject_field: text(field), id: text(id), index: index.map(text) }
}

fn pace(seconds: u64, at_a_time: u32) -> Pace {
    Pace { answer_within: Duration::from_secs(seconds), at_a_time: Some(at_a_time) }
}

/// A source with nothing but what it must have.
fn source(name: &str, data_type: DataType, address: Address, find: Find, erase: Erase) -> Source {
    let is_bucket = matches!(address, Address::S3(_));
    Source {
        name: text(name),
        data_type,
        account_field: (!is_bucket).then(|| text("account_id")),
        time_field: None,
        security_fields: Vec::new(),
        others: BTreeMap::new(),
        mentions: BTreeMap::new(),
        allow_scan: false,
        scan_parts: 1,
        pace: Pace { answer_within: Duration::from_secs(60), at_a_time: None },
        address,
        find: vec![find],
        erase,
    }
}

fn identities() -> Vec<Identity> {
    let user_id = Identity {
        id: text("user_id"),
        id_field: text("number"),
        from: text("email"),
        find_field: text("email"),
        index: None,
        address: table("app-users", &["email"]),
        account_field: text("account_id"),
    };
    let device_id = Identity {
        id: text("device_id"),
        id_field: text("serial"),
        from: text("user_id"),
        find_field: text("owner"),
        index: Some(text("by-owner")),
        address: table("app-devices-eu-central-1", &["tenant", "serial"]),
        account_field: text("tenant"),
    };
    vec![user_id, device_id]
}

fn tickets() -> Source {
    let erase = Erase::Mask(mask([
        ("author", Masking::Remove),
        ("signature", Masking::Remove),
        ("browser", Masking::Null),
        ("phone", Masking::Truncate(4)),
        ("reply_to", Masking::Pseudonym),
        ("title", Masking::Constant(text("A question"))),
    ]));
    let find = by("author", "user_id", Some("by-author"));
    source("tickets", DataType::Chat, Address::DynamoDb(table("app-tickets", &["ticket_id"])), find, erase)
}

fn attachments() -> Source {
    let bucket = BucketAddress { bucket: text("app-attachments"), versions: false, tags: true };
    let find = Find::Through { through: text("tickets"), field: text("attachment") };
    Source {
        security_fields: texts(&["upload-token"]),
        ..source("attachments", DataType::Chat, Address::S3(bucket), find, Erase::Delete)
    }
}

fn calls() -> Source {
    let address = Address::DynamoDb(table("app-calls", &["call_id", "leg"]));
    let erase = Erase::Retain { reason: text("Calls are kept for their bills (§ 147 AO).") };
    Source {
        time_field: Some(text("rang_at")),
        allow_scan: true,
        scan_parts: 8,
        pace: pace(90, 4),
        ..source("calls", DataType::Meetings, address, by("device", "device_id", None), erase)
    }
}

fn backgrounds() -> Source {
    let bucket = BucketAddress { bucket: text("app-files-123456789012"), versions: true, tags: false };
    let prefix = PrefixTemplate::parse("backgrounds/{account}/{user_id}/").unwrap();
    let address = Address::S3(bucket);
    source("backgrounds", DataType::Meetings, address, Find::Prefix { prefix }, Erase::Delete)
}

fn survey_answers() -> Source {
    let function =
        FunctionAddress { function: text("app-surveys-eu-central-1"), key: texts(&["month", "answer_id"]) };
    let erase = Erase::Mask(mask([
        ("who", Masking::Remove),
        ("comment", Masking::Constant(text("gone"))),
        ("score", Masking::Null),
    ]));
    let find = by("who", "email", None);
    Source {
        time_field: Some(text("answered_at")),
        mentions: BTreeMap::from([(text("interviewer"), OfOthers::Redact)]),
        pace: pace(300, 1),
        ..source("survey_answers", DataType::Meetings, Address::Lambda(function), find, erase)
    }
}

fn rooms() -> Source {
    let mask = mask([("owner", Masking::Constant(text("nobody")))]);
    let erase = Erase::AnonymiseShared { shared_with: text("guests"), mask };
    let find = by("owner", "user_id", Some("by-room-owner"));
    source("rooms", DataType::Meetings, Address::DynamoDb(table("app-rooms", &["room_id"])), find, erase)
}

fn guests() -> Source {
    let address = Address::DynamoDb(table("app-guests", &["room_id", "guest"]));
    let through = Find::Through { through: text("rooms"), field: text("room_id") };
    let find = by("guest", "user_id", Some("by-guest"));
    Source {
        find: vec![find.clone(), through],
        ..source("guests", DataType::Meetings, address, find, Erase::Delete)
    }
}

#[test]
fn a_map_with_everything_is_read_as_it_is_written() {
    let expected = DataMap {
        identities: identities(),
        sources: vec![tickets(), attachments(), calls(), backgrounds(), survey_answers(), rooms(), guests()],
        excluded: Vec::new(),
        information: None,
    };
    assert_eq!(parse(EVERYTHING).unwrap(), expected);
}

#[test]
fn a_rule_may_lead_back_to_addresses() {
    let map = format!(
        "{EVERYTHING}
[[identity]]
id = \"email\"
from = \"user_id\"
account_field = \"account_id\"
dynamodb = {{ table = \"app-users\", key = [\"email\"] }}
find_field = \"number\"
index = \"by-number\"
id_field = \"email\"
"
    );
    let map = parse(&map).unwrap();
    assert_eq!((map.identities[2].id.as_str(), map.identities[2].from.as_str()), ("email", "user_id"));
}
