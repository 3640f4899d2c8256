mod address;
mod erase;
mod find;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use habeas_domain::DataType;
use toml::de::DeTable;

pub(super) use self::address::{index, table};
pub(super) use self::erase::EraseAt;
use super::check::check;
use super::identity;
use super::reader::{Fields, Mistake, Reader, Value};
use super::{DataMap, Excluded, Information, OfOthers, Pace, Source};

const VERSION: &str = "1";

/// DynamoDB takes up to a million; more readers than these are not at work at once.
const SCAN_PARTS: RangeInclusive<u32> = 1..=100;
/// A function of Lambda's runs for 900 seconds at the most, and there is more to do.
const ANSWER_SECONDS: RangeInclusive<u32> = 1..=600;
/// The workflow has no more units at work at once.
const AT_A_TIME: RangeInclusive<u32> = 1..=40;

const OF_OTHERS: [(&str, OfOthers); 3] =
    [("keep", OfOthers::Keep), ("redact", OfOthers::Redact), ("pseudonymise", OfOthers::Pseudonymise)];

/// What a name in an address may hold, with what it stands for.
pub(super) struct Places<'p> {
    pub(super) account: &'p str,
    pub(super) region: &'p str,
}

/// A source, and where in the text its parts are.
pub(super) struct Draft {
    pub(super) source: Source,
    pub(super) name_at: Range<usize>,
    pub(super) address_at: Range<usize>,
    pub(super) find_at: Vec<Range<usize>>,
    pub(super) erase_at: EraseAt,
    pub(super) others_at: Range<usize>,
    pub(super) mentions_at: Range<usize>,
    pub(super) scan_at: Range<usize>,
    pub(super) parts_at: Range<usize>,
}

/// Reads a map, and everything that is wrong with it.
pub(super) fn read(toml: &str, places: &Places<'_>) -> Result<DataMap, Vec<Mistake>> {
    let mut reader = Reader::new(toml);
    let (root, errors) = DeTable::parse_recoverable(toml);
    for error in errors {
        reader.wrong(&error.span().unwrap_or_default(), error.message());
    }
    // What the text says is not sure where it is no TOML.
    if reader.count() > 0 {
        return Err(reader.mistakes());
    }
    let mut fields = Fields::of_root(&root);
    let version = fields.required("version", "it is 1", &mut reader);
    if let Some(version) = version {
        let is_ours = version.get_ref().as_integer().is_some_and(|version| version.as_str() == VERSION);
        if !is_ours {
            reader.wrong(&version.span(), "this Habeas reads data maps of version 1");
        }
    }
    let sources = fields.required("source", "at least one place to look in, as [[source]]", &mut reader);
    let drafts = sources.and_then(|sources| {
        reader.list(sources, "sources, written as [[source]]", |reader, value| source(value, places, reader))
    });
    let rules = fields.get("identity");
    let identities = rules.and_then(|list| {
        reader.list(list, "rules, written as [[identity]]", |reader, value| {
            identity::read(value, places, reader)
        })
    });
    let identities = identities.unwrap_or_default();
    let excluded = fields.get("excluded");
    let excluded =
        excluded.and_then(|list| reader.list(list, "tables, written as [[excluded]]", read_excluded));
    let information = fields.get("information").and_then(|value| read_information(value, &mut reader));
    fields.finish(&mut reader);
    let drafts = drafts.unwrap_or_default();
    if drafts.is_empty() && reader.count() == 0 {
        reader.wrong(&(0..0), "a data map needs at least one [[source]]");
    }
    identity::check(&identities, &mut reader);
    let ids = names(rules, "id");
    check(&drafts, &names(sources, "name"), &identities, &ids, &mut reader);
    if reader.count() > 0 {
        return Err(reader.mistakes());
    }
    Ok(DataMap {
        identities: identities.into_iter().map(|draft| draft.identity).collect(),
        sources: drafts.into_iter().map(|draft| draft.source).collect(),
        excluded: excluded.unwrap_or_default(),
        information,
    })
}

/// The names of all tables of a list, of those too that could not be read.
fn names<'a>(tables: Option<&'a Value<'_>>, field: &str) -> BTreeSet<&'a str> {
    let tables = tables.and_then(|tables| tables.get_ref().as_array());
    let tables = tables.into_iter().flat_map(|tables| tables.iter());
    tables.filter_map(|table| table.get_ref().get(field)?.get_ref().as_str()).collect()
}

fn source(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<Draft> {
    let mut fields = Fields::of(value, "a source", reader)?;
    let name = fields.required("name", "what its collection in an archive is called", reader);
    let name_at = name.map(toml::Spanned::span);
    let data_types = DataType::ALL.map(|data_type| (data_type.as_str(), data_type));
    let data_type = fields.required("data_type", "by which people choose what they want", reader);
    let data_type = data_type.and_then(|value| reader.one_of(value, &data_types));
    let name = name.and_then(|value| reader.text(value));
    let account_field = fields.get("account_field").and_then(|value| reader.text(value));
    let time_field = fields.get("time_field").and_then(|value| reader.text(value));
    let security_fields = fields.get("security_fields").and_then(|value| reader.texts(value));
    let others = fields.get("others");
    let mentions = fields.get("mentions");
    let allow_scan = fields.get("allow_scan");
    let scan_parts = fields.get("scan_parts");
    let pace = pace(&mut fields, reader);
    let address = address::read(&mut fields, value, places, reader);
    let find = fields.required("find", "how a person's records are found", reader);
    let rule = fields.required("erase", "what a deletion does, such as { rule = \"delete\" }", reader);
    fields.finish(reader);
    let span = |value: Option<&Value<'_>>| value.map_or(0..0, toml::Spanned::span);
    let (others_at, mentions_at, scan_at) = (span(others), span(mentions), span(allow_scan));
    let others = others.map(|value| of_others(value, "`others`", reader));
    let mentions = mentions.map(|value| of_others(value, "`mentions`", reader));
    let allow_scan = allow_scan.map(|value| reader.flag(value));
    let parts_at = span(scan_parts);
    let scan_parts = scan_parts.map(|value| reader.whole(value, SCAN_PARTS));
    let found = find.and_then(|list| {
        reader.list(list, "rules", |reader, value| Some((find::read(value, reader)?, value.span())))
    });
    let erased = rule.and_then(|value| erase::read(value, reader));
    let (address, address_at) = address?;
    let (find, find_at) = found?.into_iter().unzip();
    let (erase, erase_at) = erased?;
    Some(Draft {
        source: Source {
            name: name?,
            data_type: data_type?,
            account_field,
            time_field,
            security_fields: security_fields.unwrap_or_default(),
            others: others.flatten().unwrap_or_default(),
            mentions: mentions.flatten().unwrap_or_default(),
            allow_scan: allow_scan.flatten().unwrap_or(false),
            scan_parts: scan_parts.flatten().unwrap_or(1),
            pace,
            address,
            find,
            erase,
        },
        name_at: name_at?,
        address_at,
        find_at,
        erase_at,
        others_at,
        mentions_at,
        scan_at,
        parts_at,
    })
}

fn of_others(
    value: &Value<'_>,
    what: &'static str,
    reader: &mut Reader<'_>,
) -> Option<BTreeMap<String, OfOthers>> {
    let fields = Fields::of(value, what, reader)?;
    let rules = fields.all().filter_map(|(field, rule)| {
        let rule = reader.one_of(rule, &OF_OTHERS)?;
        Some((field.to_owned(), rule))
    });
    Some(rules.collect())
}

/// How hard the source may be worked.
fn pace(fields: &mut Fields<'_, '_>, reader: &mut Reader<'_>) -> Pace {
    let usual = Pace::default();
    let seconds = fields.get("answer_within_seconds").and_then(|value| reader.whole(value, ANSWER_SECONDS));
    let at_a_time = fields.get("at_a_time").and_then(|value| reader.whole(value, AT_A_TIME));
    let within = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    Pace { answer_within: within.unwrap_or(usual.answer_within), at_a_time }
}

fn read_excluded(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Excluded> {
    let mut fields = Fields::of(value, "what is excluded", reader)?;
    let what = fields.required("what", "what an export does not contain", reader);
    let what = what.and_then(|value| reader.text(value));
    let reason = fields.required("reason", "why", reader).and_then(|value| reader.text(value));
    fields.finish(reader);
    Some(Excluded { what: what?, reason: reason? })
}

fn read_information(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Information> {
    const MEANING: &str = "Art. 15(1) GDPR wants people to be told";
    let mut fields = Fields::of(value, "`information`", reader)?;
    let mut texts = |name| {
        fields.required(name, MEANING, reader).and_then(|value| reader.texts(value)).unwrap_or_default()
    };
    let purposes = texts("purposes");
    let categories = texts("categories");
    let recipients = texts("recipients");
    let retention = texts("retention");
    let rights = texts("rights");
    let mut text = |name| {
        fields.required(name, MEANING, reader).and_then(|value| reader.text(value)).unwrap_or_default()
    };
    let complaint = text("complaint");
    let source = text("source");
    let automated_decisions = text("automated_decisions");
    fields.finish(reader);
    Some(Information {
        purposes,
        categories,
        recipients,
        retention,
        rights,
        complaint,
        source,
        automated_decisions,
    })
}
