use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use habeas_domain::DataType;
use toml::de::DeTable;

use super::check::check;
use super::reader::{Fields, Mistake, Reader, Value};
use super::{
    Address, BucketAddress, DataMap, Erase, Excluded, Find, Information, OfOthers, Source, TableAddress,
};

const VERSION: &str = "1";

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
    pub(super) erase_at: Range<usize>,
    pub(super) others_at: Range<usize>,
    pub(super) mentions_at: Range<usize>,
    pub(super) scan_at: Range<usize>,
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
    let excluded = fields.get("excluded");
    let excluded =
        excluded.and_then(|list| reader.list(list, "tables, written as [[excluded]]", read_excluded));
    let information = fields.get("information").and_then(|value| read_information(value, &mut reader));
    fields.finish(&mut reader);
    let drafts = drafts.unwrap_or_default();
    if drafts.is_empty() && reader.count() == 0 {
        reader.wrong(&(0..0), "a data map needs at least one [[source]]");
    }
    check(&drafts, &names(sources), &mut reader);
    if reader.count() > 0 {
        return Err(reader.mistakes());
    }
    Ok(DataMap {
        sources: drafts.into_iter().map(|draft| draft.source).collect(),
        excluded: excluded.unwrap_or_default(),
        information,
    })
}

/// The names of all sources, of those too that could not be read.
fn names<'a>(sources: Option<&'a Value<'_>>) -> BTreeSet<&'a str> {
    let sources = sources.and_then(|sources| sources.get_ref().as_array());
    let sources = sources.into_iter().flat_map(|sources| sources.iter());
    sources.filter_map(|source| source.get_ref().get("name")?.get_ref().as_str()).collect()
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
    let address = address(&mut fields, value, places, reader);
    let find = fields.required("find", "how a person's records are found", reader);
    let erase = fields.required("erase", "what a deletion does, such as { rule = \"delete\" }", reader);
    fields.finish(reader);
    let span = |value: Option<&Value<'_>>| value.map_or(0..0, toml::Spanned::span);
    let (others_at, mentions_at, scan_at) = (span(others), span(mentions), span(allow_scan));
    let others = others.map(|value| of_others(value, "`others`", reader));
    let mentions = mentions.map(|value| of_others(value, "`mentions`", reader));
    let allow_scan = allow_scan.map(|value| reader.flag(value));
    let found = find.and_then(|list| {
        reader.list(list, "rules", |reader, value| Some((read_find(value, reader)?, value.span())))
    });
    let rule = erase.and_then(|value| read_erase(value, reader));
    let (address, address_at) = address?;
    let (find, find_at) = found?.into_iter().unzip();
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
            address,
            find,
            erase: rule?,
        },
        name_at: name_at?,
        address_at,
        find_at,
        erase_at: span(erase),
        others_at,
        mentions_at,
        scan_at,
    })
}

/// The connector is the table that is there.
fn address(
    fields: &mut Fields<'_, '_>,
    source: &Value<'_>,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Address, Range<usize>)> {
    match (fields.get("dynamodb"), fields.get("s3")) {
        (Some(value), None) => {
            let mut fields = Fields::of(value, "`dynamodb`", reader)?;
            let table = fields.required("table", "the table's name", reader);
            let table = table.and_then(|value| name_of_place(value, &TABLE_OR_INDEX, places, reader));
            let key = fields.required("key", "the names of the partition key and the sort key", reader);
            let key = key.and_then(|value| reader.texts(value));
            fields.finish(reader);
            Some((Address::DynamoDb(TableAddress { table: table?, key: key? }), value.span()))
        }
        (None, Some(value)) => {
            let mut fields = Fields::of(value, "`s3`", reader)?;
            let bucket = fields.required("bucket", "the bucket's name", reader);
            let bucket = bucket.and_then(|value| name_of_place(value, &BUCKET, places, reader));
            fields.finish(reader);
            Some((Address::S3(BucketAddress { bucket: bucket? }), value.span()))
        }
        (None, None) => {
            reader.wrong(&source.span(), "a source needs a connector: `dynamodb` or `s3`");
            None
        }
        (Some(_), Some(second)) => {
            reader.wrong(&second.span(), "a source has one connector: `dynamodb` or `s3`");
            None
        }
    }
}

/// A name that may have placeholders, with what they stand for.
fn name_of_place(
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
struct NameKind {
    bytes_max: usize,
    upper_case: bool,
    expected: &'static str,
}

const TABLE_OR_INDEX: NameKind = NameKind {
    bytes_max: 255,
    upper_case: true,
    expected: "expected a name of 3 to 255 letters, digits, `_`, `.` and `-`",
};

const BUCKET: NameKind = NameKind {
    bytes_max: 63,
    upper_case: false,
    expected: "expected a name of 3 to 63 lower-case letters, digits, `.` and `-`",
};

impl NameKind {
    fn takes(&self, name: &str) -> bool {
        let fits = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => true,
            b'A'..=b'Z' | b'_' => self.upper_case,
            _ => false,
        };
        (3..=self.bytes_max).contains(&name.len()) && name.bytes().all(fits)
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
    let found = match (fields.get("subject_field"), fields.get("through")) {
        (Some(field), None) => {
            fields.call("a rule by `subject_field`");
            let index = fields.get("index");
            let index = index.map(|value| {
                // No placeholders are known to indexes.
                name_of_place(value, &TABLE_OR_INDEX, &Places { account: "", region: "" }, reader)
            });
            let field = reader.text(field);
            field.map(|subject_field| Find::Subject { subject_field, index: index.flatten() })
        }
        (None, Some(through)) => {
            fields.call("a rule by `through`");
            let field = fields.required("field", "the field that leads here", reader);
            let field = field.and_then(|value| reader.text(value));
            let through = reader.text(through);
            through.zip(field).map(|(through, field)| Find::Through { through, field })
        }
        _ => {
            let what = "a rule of `find` has either `subject_field`, with an `index` where there is one, \
                        or `through` and `field`";
            reader.wrong(&value.span(), what);
            return None;
        }
    };
    fields.finish(reader);
    found
}

fn read_erase(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Erase> {
    #[derive(Clone, Copy)]
    enum Rule {
        Delete,
        Mask,
        Retain,
    }
    let rules = [("delete", Rule::Delete), ("mask", Rule::Mask), ("retain", Rule::Retain)];
    let mut fields = Fields::of(value, "`erase`", reader)?;
    let rule = fields.required("rule", "\"delete\", \"mask\" or \"retain\"", reader);
    // What else there is to say depends on the rule.
    let erase = match reader.one_of(rule?, &rules)? {
        Rule::Delete => {
            fields.call("`erase` by \"delete\"");
            Some(Erase::Delete)
        }
        Rule::Mask => {
            fields.call("`erase` by \"mask\"");
            let remove = fields.required("remove", "the fields that go", reader);
            remove.and_then(|value| reader.texts(value)).map(|remove| Erase::Mask { remove })
        }
        Rule::Retain => {
            fields.call("`erase` by \"retain\"");
            let reason = fields.required("reason", "the law that the record is kept by", reader);
            reason.and_then(|value| reader.text(value)).map(|reason| Erase::Retain { reason })
        }
    };
    fields.finish(reader);
    erase
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
