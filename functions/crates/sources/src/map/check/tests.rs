mod connectors;
mod erasing;
mod everything;

use super::super::DataMap;
use super::*;
use crate::{Mistake, OfOthers};

const MAP: &str = include_str!("../../../../../../infra/data-map.toml");
/// A map that has what the one that ships does not have.
const EVERYTHING: &str = include_str!("../../../tests/everything.toml");

fn parse(toml: &str) -> Result<DataMap, Vec<Mistake>> {
    DataMap::parse(toml, "123456789012", "eu-central-1").map_err(|error| error.0)
}

/// The mistakes of the map that ships, with one thing changed.
fn mistakes(from: &str, to: &str) -> Vec<(String, String)> {
    mistakes_of(MAP, from, to)
}

/// The mistakes of a map with one thing changed, each with the text that it
/// points to.
fn mistakes_of(map: &str, from: &str, to: &str) -> Vec<(String, String)> {
    assert!(map.contains(from), "the map does not contain {from}");
    let text = map.replacen(from, to, 1);
    let pointing = |mistake: Mistake| {
        let line = text.lines().nth(mistake.line - 1).unwrap();
        (mistake.what, line.chars().skip(mistake.column - 1).collect())
    };
    parse(&text).unwrap_err().into_iter().map(pointing).collect()
}

/// Whether each change of the map with everything makes the mistake that is
/// told, where it stands.
fn assert_told(changes: &[(&str, &str, &str, &str)]) {
    for &(from, to, what, at) in changes {
        let found = mistakes_of(EVERYTHING, from, to);
        let is_told = found.iter().any(|(told, place)| told.contains(what) && place.starts_with(at));
        assert!(is_told, "{to}: {found:?}");
    }
}

#[test]
fn the_map_that_ships_is_good() {
    let map = parse(MAP).unwrap();
    assert_eq!((map.sources.len(), map.identities.len()), (12, 1));
    let Address::S3(address) = &map.source("whiteboard_files").unwrap().address else { panic!("not in S3") };
    assert_eq!(address.bucket, "meetings-app-files-123456789012");
    assert_eq!((map.excluded.len(), map.information.is_some()), (3, true));
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_was_expected() {
    let remove = "remove = [\"host_email\"]";
    let of_meetings = "data_type = \"meetings\"\naccount_field = \"account_id\"\ntime";
    for (from, to, what, at) in [
        ("version = 1", "version = 2", "data maps of version 1", "2"),
        ("data_type = \"meetings\"", "data_typ = \"meetings\"", "no field `data_typ`", "data_typ ="),
        ("data_type = \"chat\"", "data_type = \"c\"", "expected \"meetings\", \"webinars\"", "\"c\""),
        ("account_field = \"account_id\"", "account_field = 7", "expected a text, found an integer", "7"),
        (of_meetings, "data_type = \"meetings\"\ntime", "of records needs `account_field`", "\"meetings\""),
        ("name = \"webinars\"", "name = \"meetings\"", "used twice", "\"meetings\""),
        ("name = \"chat_messages\"", "name = \"Chat\"", "consists of a-z", "\"Chat\""),
        ("through = \"meetings\"", "through = \"meeting\"", "no source `meeting`", "{ through"),
        ("through = \"meetings\"", "through = \"webinars\"", "another data type", "{ through"),
        (remove, "remove = [\"topic\"]", "must name `host_email`", "{ rule"),
        (remove, "remove = []", "at least one field", "{ rule"),
        ("index = \"by-sender\"", "index = \"\"", "not empty", "\"\""),
        (", index = \"by-sender\"", "", "read for every person", "{ subject_field"),
        ("${account}\" }", "${acount}\" }", "only `${account}` and `${region}`", "\"meetings-app-files-"),
        ("ip_address = \"redact\"", "ip_address = \"hide\"", "expected \"keep\", \"redact\"", "\"hide\""),
        ("ip_address = \"redact\"", "ip_address = true", "expected a text, found a boolean", "true"),
        (", remove = [\"host_email\"]", "", "at least one field", "{ rule"),
        ("shared_with = \"meeting_participants\", ", "", "needs `shared_with`", "{ rule"),
        ("rule = \"delete\"", "rule = \"erase\"", "expected \"delete\", \"mask\"", "\"erase\""),
        ("[information]", "[informations]", "no field `informations`", "informations"),
        ("reason = \"They", "why = \"They", "needs `reason`", "[[excluded]]"),
        ("s3 = {", "time_field = \"at\"\ns3 = {", "an object has no fields", "\"backgrounds\""),
        ("s3 = {", "# s3 = {", "needs a connector", "[[source]]"),
        ("table = \"meetings-app-meetings\"", "table = \"*\"", "a name of 3 to 255", "\"*\""),
        ("by-sender", "by sender", "a name of 3 to 255", "\"by sender\""),
        ("files-${account}", "Files-${account}", "lower-case", "\"meetings-app-Files"),
        ("rule = \"delete\" }", "rule = \"delete\", remove = [] }", "by \"delete\" has no field", "remove"),
        (remove, "remove = [\"host_email\", \"host_email\"]", "twice", "\"host_email\"]"),
        (remove, "remove = [\"host_email\", \"account_id\"]", "cannot be masked", "\"account_id\"]"),
        ("key = [\"meeting_id\", \"email\"]", "key = [\"email\", \"email\"]", "two fields", "{ table"),
        ("subject_field = \"sender_email\"", "subject_field = \"account_id\"", "the same field", "\"chat_m"),
        ("meetings-app-webinars", "meetings-app-meetings", "has the same table", "{ table"),
        ("    { subject_field = \"email\", index = \"by-email\" },\n", "", "the person's own", "{ rule"),
    ] {
        let found = mistakes(from, to);
        let is_it = |(found, place): &&(String, String)| found.contains(what) && place.starts_with(at);
        assert!(found.iter().any(|mistake| is_it(&mistake)), "{to}: {found:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let text = MAP
        .replacen("data_type = \"meetings\"", "data_type = \"meeting\"", 1)
        .replacen("rule = \"delete\"", "rule = \"remove\"", 1)
        .replacen("reason = \"They", "reasons = \"They", 1);
    let found = parse(&text).unwrap_err();
    let about = ["meeting", "remove", "reason", "reasons"];
    assert_eq!(found.len(), about.len(), "{found:?}");
    assert!(found.windows(2).all(|pair| pair[0].line <= pair[1].line), "{found:?}");
    assert!(found.iter().zip(about).all(|(mistake, about)| mistake.what.contains(about)), "{found:?}");
}

#[test]
fn a_source_that_cannot_be_read_makes_no_other_wrong_that_is_right() {
    // Nothing is said of what goes through it, and what is wrong elsewhere is.
    let text = MAP
        .replacen("name = \"meetings\"", "nam = 1\nname = \"meetings\"", 1)
        .replacen("erase = { rule = \"anonymise_shared\"", "erase = { rule = \"hide\"", 1)
        .replacen("name = \"chat_messages\"", "name = \"Chat\"", 1);
    let found = parse(&text).unwrap_err();
    let about = ["no field `nam`", "expected \"delete\"", "consists of a-z"];
    assert_eq!(found.len(), about.len(), "{found:?}");
    assert!(found.iter().zip(about).all(|(mistake, about)| mistake.what.contains(about)), "{found:?}");
}

#[test]
fn records_are_found_by_one_source_only() {
    let twin = MAP.split("[[source]]").find(|source| source.contains("\"chat_messages\"")).unwrap();
    let twin = twin.replacen("chat_messages", "chat_again", 1);
    let found = parse(&format!("{MAP}\n[[source]]{twin}")).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("exported twice"), "{found:?}");
}

#[test]
fn objects_are_found_by_one_source_only() {
    let source = |name: &str, prefix: &str| {
        MAP.split("[[source]]")
            .find(|source| source.contains("\"backgrounds\""))
            .unwrap()
            .replacen("backgrounds", name, 1)
            .replacen("backgrounds/{account}/{user_id}/", prefix, 1)
    };
    for (prefix, is_same) in [
        ("backgrounds/{account}/{user_id}/", true),
        ("backgrounds/{account}/{user_id}/old/", true),
        ("pictures/{account}/{user_id}/", false),
    ] {
        let found =
            parse(&format!("{MAP}\n[[source]]{}", source("pictures", prefix))).err().unwrap_or_default();
        let is_told = found.iter().any(|mistake| mistake.what.contains("finds the same objects"));
        assert_eq!((is_told, found.len()), (is_same, usize::from(is_same)), "{prefix}: {found:?}");
    }
}

#[test]
fn what_ids_follow_from_stays_where_anything_is_found_by_them() {
    let text = MAP.lines().map(|line| match line {
        line if line.contains("rule = \"retain\"") => "erase = { rule = \"delete\" }",
        line => line,
    });
    let found = parse(&text.collect::<Vec<_>>().join("\n")).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("ids follow from these records, and `survey_answers`"), "{found:?}");
}

#[test]
fn what_is_no_toml_is_told_with_all_its_places() {
    let found = parse("version = 1\n[[source]\nname = \"a\nfind = [\n").unwrap_err();
    assert!(found.len() > 1 && found.iter().all(|mistake| mistake.line > 1), "{found:?}");
}

#[test]
fn a_table_is_read_whole_only_where_that_is_allowed() {
    let scan = "time_field = \"sent_at\"\nallow_scan = true";
    let allowed =
        MAP.replacen(", index = \"by-sender\"", "", 1).replacen("time_field = \"sent_at\"", scan, 1);
    assert!(parse(&allowed).unwrap().source("chat_messages").unwrap().allow_scan);
    let [(what, at)] = &mistakes("time_field = \"sent_at\"", scan)[..] else { panic!("not one mistake") };
    assert!(what.contains("leave `allow_scan` out") && at.starts_with("true"), "{what} at {at}");
    // By the partition key nothing is read but what is sought.
    let key = "{ subject_field = \"channel_id\" }";
    let by_key = MAP.replacen("{ subject_field = \"sender_email\", index = \"by-sender\" }", key, 1);
    assert!(parse(&by_key).is_ok());
}

#[test]
fn fields_of_others_are_named_only_where_there_are_others() {
    let on_own = "others = { topic = \"keep\" }\nsecurity_fields = [\"passcode\"";
    let found = mistakes("security_fields = [\"passcode\"", on_own);
    assert!(found[0].0.contains("`through`") && found[0].1.starts_with("{ topic"), "{found:?}");
    let own = "time_field = \"sent_at\"\nmentions = { sender_email = \"redact\" }";
    let found = mistakes("time_field = \"sent_at\"", own);
    assert!(found[0].0.contains("the person's own address"), "{found:?}");
    let found = mistakes("others = { ip", "mentions = { device = \"keep\" }\nothers = { ip");
    assert!(found[0].0.contains("`device` is in `others`"), "{found:?}");
    let found = mistakes("others = { ip", "security_fields = [\"device\"]\nothers = { ip");
    assert!(found[0].0.contains("`device` is in `security_fields`"), "{found:?}");
}

#[test]
fn a_field_about_others_is_treated_as_the_map_says() {
    let mentions =
        "time_field = \"joined_at\"\nmentions = { invited_by = \"pseudonymise\", name = \"keep\" }";
    let map = parse(&MAP.replacen("time_field = \"joined_at\"", mentions, 1)).unwrap();
    let source = map.source("meeting_participants").unwrap();
    for (field, own, rule) in [
        ("ip_address", true, OfOthers::Keep),
        ("ip_address", false, OfOthers::Redact),
        ("device", false, OfOthers::Pseudonymise),
        ("invited_by", true, OfOthers::Pseudonymise),
        ("invited_by", false, OfOthers::Pseudonymise),
        ("name", false, OfOthers::Keep),
        ("email", true, OfOthers::Keep),
    ] {
        assert_eq!(source.of_others(field, own), rule, "{field}");
    }
    let hidden: Vec<_> = source.hidden_of_others().map(|(field, _)| field).collect();
    assert_eq!(hidden, ["device", "ip_address", "invited_by"]);
}

#[test]
fn a_map_without_sources_is_refused() {
    for text in ["version = 1", "version = 1\nsource = []", ""] {
        assert!(parse(text).is_err(), "{text}");
    }
}
