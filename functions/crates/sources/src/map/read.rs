use std::collections::BTreeMap;
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
    // A source that could not be read would make others wrong that go through it.
    if reader.count() == 0 {
        check(&drafts, &mut reader);
    }
    if reader.count() > 0 {
        return Err(reader.mistakes());
    }
    Ok(DataMap {
        sources: drafts.into_iter().map(|draft| draft.source).collect(),
        excluded: excluded.unwrap_or_default(),
        information,
    })
}

fn source(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<Draft> {
    let mut fields = Fields::of(value, "a source", reader)?;
    let name = fields.required("name", "what its collection in an archive is called", reader);
    let name_at = name.map(toml::Spanned::span);
    let data_types = DataType::ALL.map(|data_type| (data_type.as_str(), data_type));
    let data_type = fields.required("data_type", "by which people choose what they want", reader);
    let data_type = data_type.and_then(|value| reader.name(value, &data_types));
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
            let table = table.and_then(|value| name_of_place(value, places, reader));
            let key = fields.required("key", "the names of the partition key and the sort key", reader);
            let key = key.and_then(|value| reader.texts(value));
            fields.finish(reader);
            Some((Address::DynamoDb(TableAddress { table: table?, key: key? }), value.span()))
        }
        (None, Some(value)) => {
            let mut fields = Fields::of(value, "`s3`", reader)?;
            let bucket = fields.required("bucket", "the bucket's name", reader);
            let bucket = bucket.and_then(|value| name_of_place(value, places, reader));
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

/// A name with what its placeholders stand for.
fn name_of_place(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(value)?;
    let known = text.replace("${account}", "").replace("${region}", "");
    if known.contains("${") {
        reader.wrong(&value.span(), "only `${account}` and `${region}` stand for something");
        return None;
    }
    Some(text.replace("${account}", places.account).replace("${region}", places.region))
}

fn of_others(
    value: &Value<'_>,
    what: &'static str,
    reader: &mut Reader<'_>,
) -> Option<BTreeMap<String, OfOthers>> {
    let fields = Fields::of(value, what, reader)?;
    let rules = fields.all().filter_map(|(field, rule)| {
        let rule = reader.name(rule, &OF_OTHERS)?;
        Some((field.to_owned(), rule))
    });
    Some(rules.collect())
}

fn read_find(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Find> {
    let mut fields = Fields::of(value, "a rule of `find`", reader)?;
    let found = match (fields.get("subject_field"), fields.get("through")) {
        (Some(field), None) => {
            let index = fields.get("index").map(|value| reader.text(value));
            Some(Find::Subject { subject_field: reader.text(field)?, index: index.flatten() })
        }
        (None, Some(through)) => {
            let field = fields.required("field", "the field that leads here", reader);
            let field = field.and_then(|value| reader.text(value));
            Some(Find::Through { through: reader.text(through)?, field: field? })
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
    let erase = match reader.name(rule?, &rules)? {
        Rule::Delete => Erase::Delete,
        Rule::Mask => {
            let remove = fields.required("remove", "the fields that go", reader);
            Erase::Mask { remove: reader.texts(remove?)? }
        }
        Rule::Retain => {
            let reason = fields.required("reason", "the law that the record is kept by", reader);
            Erase::Retain { reason: reader.text(reason?)? }
        }
    };
    fields.finish(reader);
    Some(erase)
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
