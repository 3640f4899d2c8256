mod erase;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use habeas_domain::DataType;
use toml::de::DeTable;

pub(super) use self::erase::EraseAt;
use super::check::check;
use super::identity;
use super::reader::{Fields, Mistake, Reader, Value};
use super::{
    Address, BucketAddress, DataMap, EMAIL, Excluded, Find, FunctionAddress, Information, OfOthers, Pace,
    Source, TableAddress,
};
use crate::PrefixTemplate;

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
    let address = address(&mut fields, value, places, reader);
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
        reader.list(list, "rules", |reader, value| Some((read_find(value, reader)?, value.span())))
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

/// How hard the source may be worked.
fn pace(fields: &mut Fields<'_, '_>, reader: &mut Reader<'_>) -> Pace {
    let usual = Pace::default();
    let seconds = fields.get("answer_within_seconds").and_then(|value| reader.whole(value, ANSWER_SECONDS));
    let at_a_time = fields.get("at_a_time").and_then(|value| reader.whole(value, AT_A_TIME));
    let within = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    Pace { answer_within: within.unwrap_or(usual.answer_within), at_a_time }
}

/// The connector is the table that is there.
fn address(
    fields: &mut Fields<'_, '_>,
    source: &Value<'_>,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Address, Range<usize>)> {
    const CONNECTORS: &str = "`dynamodb`, `s3` or `lambda`";
    let there = ["dynamodb", "s3", "lambda"].map(|name| fields.get(name).map(|value| (name, value)));
    let mut there = there.into_iter().flatten();
    let Some((name, value)) = there.next() else {
        reader.wrong(&source.span(), format!("a source needs a connector: {CONNECTORS}"));
        return None;
    };
    if let Some((_, second)) = there.next() {
        reader.wrong(&second.span(), format!("a source has one connector: {CONNECTORS}"));
        return None;
    }
    let address = match name {
        "dynamodb" => Address::DynamoDb(table(value, places, reader)?),
        "s3" => Address::S3(bucket(value, places, reader)?),
        _ => Address::Lambda(function(value, places, reader)?),
    };
    Some((address, value.span()))
}

pub(super) fn table(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<TableAddress> {
    let mut fields = Fields::of(value, "`dynamodb`", reader)?;
    let table = fields.required("table", "the table's name", reader);
    let table = table.and_then(|value| name_of_place(value, &TABLE_OR_INDEX, places, reader));
    let key = fields.required("key", "the names of the partition key and the sort key", reader);
    let key = key.and_then(|value| reader.texts(value));
    fields.finish(reader);
    Some(TableAddress { table: table?, key: key? })
}

fn bucket(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<BucketAddress> {
    let mut fields = Fields::of(value, "`s3`", reader)?;
    let bucket = fields.required("bucket", "the bucket's name", reader);
    let bucket = bucket.and_then(|value| name_of_place(value, &BUCKET, places, reader));
    let mut flag = |name| fields.get(name).and_then(|value| reader.flag(value)).unwrap_or(false);
    let (versions, tags) = (flag("versions"), flag("tags"));
    fields.finish(reader);
    Some(BucketAddress { bucket: bucket?, versions, tags })
}

fn function(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<FunctionAddress> {
    let mut fields = Fields::of(value, "`lambda`", reader)?;
    let function = fields.required("function", "the function's name", reader);
    let function = function.and_then(|value| name_of_place(value, &FUNCTION, places, reader));
    let key = fields.required("key", "the fields that tell one record from another", reader);
    let key = key.and_then(|value| reader.texts(value));
    fields.finish(reader);
    Some(FunctionAddress { function: function?, key: key? })
}

/// A name that may have placeholders, with what they stand for.
pub(super) fn name_of_place(
    value: &Value<'_>,
    kind: &NameKind,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let text = reader.text(value)?;
    let example = text.replace("${account}", "123456789012").replace("${region}", "eu-central-1");
    if example.contains("${") {
        reader.wrong(&value.span(), "only `${account}` and `${region}` stand for something");
        return None;
    }
    if !kind.takes(&example) {
        reader.wrong(&value.span(), kind.expected);
        return None;
    }
    Some(text.replace("${account}", places.account).replace("${region}", places.region))
}

/// What AWS takes for a name. It stands in policies, where a `*` would be
/// everything.
pub(super) struct NameKind {
    bytes_min: usize,
    bytes_max: usize,
    upper_case: bool,
    others: &'static str,
    expected: &'static str,
}

pub(super) const TABLE_OR_INDEX: NameKind = NameKind {
    bytes_min: 3,
    bytes_max: 255,
    upper_case: true,
    others: "_.-",
    expected: "expected a name of 3 to 255 letters, digits, `_`, `.` and `-`",
};

const BUCKET: NameKind = NameKind {
    bytes_min: 3,
    bytes_max: 63,
    upper_case: false,
    others: ".-",
    expected: "expected a name of 3 to 63 lower-case letters, digits, `.` and `-`",
};

const FUNCTION: NameKind = NameKind {
    bytes_min: 1,
    bytes_max: 64,
    upper_case: true,
    others: "_-",
    expected: "expected a function's name of at most 64 letters, digits, `_` and `-`",
};

impl NameKind {
    fn takes(&self, name: &str) -> bool {
        let fits = |c: char| match c {
            'a'..='z' | '0'..='9' => true,
            'A'..='Z' => self.upper_case,
            other => self.others.contains(other),
        };
        (self.bytes_min..=self.bytes_max).contains(&name.len()) && name.chars().all(fits)
    }
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

fn read_find(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Find> {
    let mut fields = Fields::of(value, "a rule of `find`", reader)?;
    let kinds = [fields.get("subject_field"), fields.get("through"), fields.get("prefix")];
    let found = match kinds {
        [Some(field), None, None] => {
            fields.call("a rule by `subject_field`");
            let id = fields.get("id").map(|value| reader.text(value));
            let index = fields.get("index").map(|value| index(value, reader));
            let id = id.unwrap_or_else(|| Some(EMAIL.to_owned()));
            let field = reader.text(field);
            field.zip(id).map(|(subject_field, id)| Find::Subject {
                subject_field,
                id,
                index: index.flatten(),
            })
        }
        [None, Some(through), None] => {
            fields.call("a rule by `through`");
            let field = fields.required("field", "the field that leads here", reader);
            let field = field.and_then(|value| reader.text(value));
            let through = reader.text(through);
            through.zip(field).map(|(through, field)| Find::Through { through, field })
        }
        [None, None, Some(prefix)] => {
            fields.call("a rule by `prefix`");
            let template = reader.text(prefix).map(|text| PrefixTemplate::parse(&text));
            template.and_then(|template| match template {
                Ok(prefix) => Some(Find::Prefix { prefix }),
                Err(what) => {
                    reader.wrong(&prefix.span(), what);
                    None
                }
            })
        }
        _ => {
            let what = "a rule of `find` has either `subject_field`, with an `index` where there is one, \
                        or `through` and `field`, or `prefix`";
            reader.wrong(&value.span(), what);
            return None;
        }
    };
    fields.finish(reader);
    found
}

/// The name of an index, which knows no placeholders.
pub(super) fn index(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<String> {
    name_of_place(value, &TABLE_OR_INDEX, &Places { account: "", region: "" }, reader)
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
