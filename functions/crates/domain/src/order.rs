use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::value::{Error as NotAName, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::csv::addresses;
use crate::object::Object;
use crate::{DataType, DateRange, Digest, EmailAddress, FieldError, Kind, Problem};

/// The most people one request may be about.
pub const SUBJECTS_MAX: usize = 50;

/// The most addresses looked at before de-duplication: a longer list is a mistake.
const ADDRESSES_MAX: usize = 1_000;

/// What a client asks for, checked as far as that is possible without knowing who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub kind: Kind,
    /// De-duplicated, in order of address, 1 to 50.
    pub subjects: Vec<EmailAddress>,
    /// In a fixed order, at least one.
    pub data_types: Vec<DataType>,
    pub date_range: Option<DateRange>,
    /// File it although the same is being done already.
    pub allow_duplicate: bool,
    /// The preview of a deletion that its requestor has seen.
    pub preview: Option<Digest>,
    /// The line of an upload that each of the subjects is in.
    pub lines: BTreeMap<EmailAddress, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    subjects: Vec<String>,
    data_types: Option<Vec<DataType>>,
    date_range: Option<DateRange>,
    confirm: Option<bool>,
    #[serde(default)]
    allow_duplicate: bool,
    preview_digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
    subjects: Vec<String>,
    data_types: Option<Vec<DataType>>,
}

impl Order {
    /// Reads the body of `POST /v1/requests`. What is no JSON of the right
    /// shape is a 400 that names the place; values that are not acceptable are
    /// a 422 that lists all of them.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let body: Body = read(json, "a request")?;
        let mut errors = Vec::new();
        let subjects = subjects(&body.subjects, &mut errors);
        body.check(subjects, errors)
    }

    /// Reads the body of `POST /v1/requests/preview`, by the same rules: the
    /// deletion that is to be previewed.
    pub fn parse_preview(json: &[u8]) -> Result<Self, Problem> {
        let PreviewBody { subjects: texts, data_types } = read(json, "a preview")?;
        let mut errors = Vec::new();
        let subjects = subjects(&texts, &mut errors);
        Body { data_types, ..Body::confirmed_deletion() }.check(subjects, errors)
    }

    /// The names of what a CSV upload says in its query.
    pub const CSV_QUERIES: [&str; 7] =
        ["kind", "data_types", "from", "to", "confirm", "allow_duplicate", "preview_digest"];

    /// Reads an upload of addresses, one in a line; all else stands in the
    /// query. Everything that is wrong is reported at once, lines by their number.
    pub fn parse_csv<'q>(csv: &[u8], query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let lines = addresses(csv, &mut errors);
        let subjects: BTreeSet<_> = lines.keys().cloned().collect();
        count(&subjects, &mut errors);
        let mut refused = Vec::new();
        let body = Body::of_query(query, &mut refused);
        let checked = match body {
            Some(body) => body.check(subjects, errors),
            None => Err(Problem::invalid(errors)),
        };
        if refused.is_empty() {
            return Ok(Self { lines, ..checked? });
        }
        let known: Vec<_> = refused.iter().map(|error| error.pointer.clone()).collect();
        let others = checked.err().map(|problem| problem.errors).unwrap_or_default().into_iter();
        refused.extend(others.filter(|error| error.pointer.is_none() || !known.contains(&error.pointer)));
        let detail = "The query of an upload says what is asked for; see `errors`.";
        Err(Problem::malformed(detail).with(refused))
    }

    /// What tells this order from another: a repeated submit has the same.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let preview = self.preview.as_ref().map(|digest| format!("\n{digest}")).unwrap_or_default();
        let (matter, data_types, again) = (self.matter(), &self.data_types, self.allow_duplicate);
        Digest::of(&format!("{matter}\n{data_types:?}\n{again}{preview}"))
    }

    /// The people, kind and range: two orders that agree in these do the same work.
    #[must_use]
    pub fn matter(&self) -> Digest {
        let people: Vec<_> = self.subjects.iter().map(EmailAddress::as_str).collect();
        let range = self.date_range.map(|range| format!("{}/{}", range.from, range.to));
        Digest::of(&format!("{}\n{}\n{}", self.kind, range.unwrap_or_default(), people.join("\n")))
    }
}

impl Body {
    /// What the query of an upload says; nothing where it says not even the kind.
    fn of_query<'q>(query: impl Fn(&str) -> Option<&'q str>, refused: &mut Vec<FieldError>) -> Option<Self> {
        let mut refuse = |name: &str, detail: &str| refused.push(FieldError::new(format!("/{name}"), detail));
        let names = query("data_types").map(|text| text.split(',').map(str::trim));
        let data_types = names.map(|names| {
            names.filter_map(|name| value(name).map_err(|error| refuse("data_types", &error)).ok()).collect()
        });
        let mut day = |name| match query(name).map(value) {
            Some(Err(error)) => {
                refuse(name, &error);
                None
            }
            day => day.and_then(Result::ok),
        };
        let date_range = match (day("from"), day("to")) {
            (Some(from), Some(to)) => Some(DateRange { from, to }),
            _ => None,
        };
        match (query("from"), query("to")) {
            (Some(_), None) => refuse("to", "a range has both days, from and to"),
            (None, Some(_)) => refuse("from", "a range has both days, from and to"),
            _ => {}
        }
        let mut truth = |name| match query(name).map(str::parse) {
            Some(Err(_)) => {
                refuse(name, "true or false");
                None
            }
            truth => truth.and_then(Result::ok),
        };
        let (confirm, allow_duplicate) = (truth("confirm"), truth("allow_duplicate").unwrap_or_default());
        let kind = match query("kind").map(value) {
            Some(Ok(kind)) => Some(kind),
            Some(Err(error)) => {
                refuse("kind", &error);
                None
            }
            None => {
                refuse("kind", "say what is asked for: kind=export or kind=delete");
                None
            }
        };
        let preview_digest = query("preview_digest").map(ToOwned::to_owned);
        let kind = kind?;
        let subjects = Vec::new();
        Some(Self { kind, subjects, data_types, date_range, confirm, allow_duplicate, preview_digest })
    }

    /// Of nobody yet.
    fn confirmed_deletion() -> Self {
        Self {
            kind: Kind::Delete,
            subjects: Vec::new(),
            data_types: None,
            date_range: None,
            confirm: Some(true),
            allow_duplicate: false,
            preview_digest: None,
        }
    }

    fn check(self, subjects: BTreeSet<EmailAddress>, mut errors: Vec<FieldError>) -> Result<Order, Problem> {
        let data_types: BTreeSet<_> = match &self.data_types {
            Some(chosen) => chosen.iter().copied().collect(),
            None => DataType::ALL.into_iter().collect(),
        };
        if data_types.is_empty() {
            errors.push(FieldError::new(
                "/data_types",
                "name at least one data type, or leave the field out for all of them",
            ));
        }
        match self.kind {
            Kind::Export => check_export(&self, &mut errors),
            Kind::Delete => check_delete(&self, &mut errors),
        }
        let preview = match self.preview_digest.as_deref().map(Digest::parse) {
            Some(Err(reason)) if self.kind == Kind::Delete => {
                errors.push(FieldError::new("/preview_digest", reason.to_string()));
                None
            }
            preview => preview.and_then(Result::ok),
        };
        if errors.is_empty() {
            Ok(Order {
                kind: self.kind,
                subjects: subjects.into_iter().collect(),
                data_types: data_types.into_iter().collect(),
                date_range: self.date_range,
                allow_duplicate: self.allow_duplicate,
                preview,
                lines: BTreeMap::new(),
            })
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

fn subjects(texts: &[String], errors: &mut Vec<FieldError>) -> BTreeSet<EmailAddress> {
    let mut people = BTreeSet::new();
    if texts.len() > ADDRESSES_MAX {
        errors.push(FieldError::new("/subjects", format!("more than {ADDRESSES_MAX} addresses")));
        return people;
    }
    for (index, text) in texts.iter().enumerate() {
        match EmailAddress::parse(text) {
            Ok(address) => {
                people.insert(address);
            }
            Err(reason) => errors.push(FieldError::new(format!("/subjects/{index}"), reason.to_string())),
        }
    }
    if texts.is_empty() {
        errors.push(FieldError::new("/subjects", "name at least one person"));
    }
    count(&people, errors);
    people
}

fn count(people: &BTreeSet<EmailAddress>, errors: &mut Vec<FieldError>) {
    if people.len() > SUBJECTS_MAX {
        errors.push(FieldError::new(
            "/subjects",
            format!("{} people; one request takes at most {SUBJECTS_MAX}", people.len()),
        ));
    }
}

fn check_export(body: &Body, errors: &mut Vec<FieldError>) {
    if body.date_range.is_some_and(|range| range.to < range.from) {
        errors.push(FieldError::new("/date_range/to", "the range ends before it starts"));
    }
    if body.confirm.is_some() {
        errors.push(FieldError::new("/confirm", "only a deletion is confirmed; leave the field out"));
    }
    if body.preview_digest.is_some() {
        errors.push(FieldError::new("/preview_digest", "only a deletion is previewed; leave the field out"));
    }
}

fn check_delete(body: &Body, errors: &mut Vec<FieldError>) {
    if body.date_range.is_some() {
        errors.push(FieldError::new("/date_range", "a deletion is about all days; leave the field out"));
    }
    if body.confirm != Some(true) {
        errors.push(FieldError::new(
            "/confirm",
            "a deletion cannot be undone once it has started: confirm it with true",
        ));
    }
}

/// Reads the value of a query parameter by the name that it has in JSON.
pub(crate) fn parameter<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    value(text).map_err(|detail| {
        Problem::malformed(format!("The query parameter `{name}` is not acceptable: {detail}."))
            .with(vec![FieldError::new(format!("/{name}"), detail)])
    })
}

/// Reads a body that is an object. What it is not stands in the refusal.
fn read<T: DeserializeOwned>(json: &[u8], what: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let Object(body) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let detail = error.inner().to_string();
        Problem::malformed(format!("The body is not {what}: {detail}."))
            .with(vec![FieldError::new(pointer, detail)])
    })?;
    reader.end().map_err(|error| Problem::malformed(format!("The body is not {what}: {error}.")))?;
    Ok(body)
}

fn value<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let value: StrDeserializer<'_, NotAName> = text.into_deserializer();
    T::deserialize(value).map_err(|error| error.to_string())
}

/// The place of a serde error as a JSON pointer (RFC 6901).
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
