use futures::{StreamExt, TryStreamExt, stream};
use habeas_archive::{Found as Count, Member, MemberKind, Origin, collection_path, component, file_path};
use habeas_lambda::{TaskError, names};
use habeas_sources::{
    AttributeValue, FileKey, Found, Item, Key, LARGE_FILE_BYTES, OfOthers, OpenFile, Pseudonyms, Shown,
    Source, Subject, TypedKey, rfc3339, to_json,
};
use habeas_work::{Ground, Unit, UnitTask, source_error};
use serde_json::{Map, Value, json};

use super::segment::{Segment, digest, unwritable};
use crate::Workplace;

/// A collection goes on in another member from here on: what is compressed and
/// redone at once stays small.
const MEMBER_BYTES_MAX: usize = 8 << 20;

/// How many files are read at a time.
const FILES_AT_A_TIME: usize = 8;

/// Parts of a table number their members so far apart that they do not meet.
const MEMBERS_PER_PART: u32 = 10_000;

/// What one segment has of one person in one source.
pub(super) struct Collection<'a> {
    source: &'a Source,
    subject: &'a str,
    origin: Origin,
    part: u32,
    /// None where the data map asks for none.
    pseudonyms: Option<&'a Pseudonyms>,
    lines: Vec<u8>,
    in_lines: u64,
    records: u64,
    files: u64,
    members: u32,
}

/// What a page has, read to its end: what cannot be read has not been added.
pub(super) enum Ready<'a> {
    Small(Vec<Readied>),
    Large(Box<LargeFile<'a>>),
}

pub(super) enum Readied {
    Record {
        item: Item,
        own: bool,
    },
    File {
        about: Value,
        path: String,
        content: Vec<u8>,
    },
    /// A record points to a file that is not there. It is told, not passed over.
    Missing {
        key: String,
    },
}

pub(super) struct LargeFile<'a> {
    about: Value,
    path: String,
    file: OpenFile<'a>,
}

impl LargeFile<'_> {
    pub(super) fn bytes(&self) -> u64 {
        self.file.about.bytes
    }
}

impl<'a> Collection<'a> {
    pub(super) fn new(
        source: &'a Source,
        task: &UnitTask,
        subject: &'a Subject,
        pseudonyms: Option<&'a Pseudonyms>,
        members: u32,
    ) -> Self {
        Self {
            source,
            subject: subject.email.as_str(),
            origin: Origin {
                subject: subject.email.as_str().into(),
                data_type: source.data_type.to_string(),
                collection: source.name.clone(),
                source: source.name.clone(),
            },
            part: task.part.unwrap_or_default().number,
            pseudonyms,
            lines: Vec::new(),
            in_lines: 0,
            records: 0,
            files: 0,
            members,
        }
    }

    /// How many archive members the collection has so far.
    pub(super) fn members(&self) -> u32 {
        self.members
    }

    /// Reads the files of a page. A large one stands alone in its page.
    pub(super) async fn prepare(&self, ground: &Ground, found: Vec<Found>) -> Result<Ready<'a>, TaskError> {
        if let [Found::File { file, lead }] = found.as_slice() {
            return self.prepare_file(ground, file, lead.as_ref()).await;
        }
        let readied = stream::iter(found)
            .map(|found| async move {
                match found {
                    Found::Record { item, own, .. } => Ok(vec![Readied::Record { item, own }]),
                    Found::File { file, lead } => {
                        match self.prepare_file(ground, &file, lead.as_ref()).await? {
                            Ready::Small(readied) => Ok(readied),
                            // It has grown since it was listed: then it is read again, alone.
                            Ready::Large(_) => Err(grown(self.source)),
                        }
                    }
                }
            })
            .buffered(FILES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(Ready::Small(readied.into_iter().flatten().collect()))
    }

    async fn prepare_file(
        &self,
        ground: &Ground,
        file: &FileKey,
        lead: Option<&Key>,
    ) -> Result<Ready<'a>, TaskError> {
        let Some(open) = ground.stores.open(self.source, file).await.map_err(source_error)? else {
            return Ok(Ready::Small(vec![Readied::Missing { key: file.key.clone() }]));
        };
        let path = self.path(file, lead);
        let about = self.about(file, &path, &open);
        if open.about.bytes > LARGE_FILE_BYTES {
            return Ok(Ready::Large(Box::new(LargeFile { about, path, file: open })));
        }
        let content = open.whole().await.map_err(source_error)?;
        Ok(Ready::Small(vec![Readied::File { about, path, content }]))
    }

    pub(super) fn add(&mut self, readied: Vec<Readied>, segment: &mut Segment) -> Result<(), TaskError> {
        for readied in readied {
            match readied {
                Readied::Record { item, own } => {
                    let line = self.line(&item, own)?;
                    self.push(&line, segment)?;
                }
                Readied::File { about, path, content } => {
                    let member = segment.writer.add(&path, &content, 0).map_err(unwritable)?;
                    self.add_file(member, &about, segment)?;
                }
                Readied::Missing { key } => {
                    self.push(&json!({ "key": key, "missing": true }).to_string(), segment)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a file that the segment begins with, without ever holding it whole.
    pub(super) async fn add_large(
        &mut self,
        place: Workplace<'_>,
        unit: &Unit,
        number: u32,
        large: LargeFile<'_>,
        segment: &mut Segment,
    ) -> Result<(), TaskError> {
        let LargeFile { about, path, file } = large;
        // By all that the segment will hold: a late twin writes the same, or elsewhere.
        let lines = self.next_path();
        let about_all = about.to_string();
        let held = [&path, &file.about.tag, &about_all, &lines];
        let digest = digest(&held.map(|text| text.as_bytes()));
        let key = place.folder.keys.segment(&unit.unit, number, &digest);
        let member = segment.stream(place, &key, &path, file).await?;
        self.add_file(member, &about, segment)
    }

    /// The file itself, and a line that says which file it is.
    fn add_file(&mut self, member: Member, about: &Value, segment: &mut Segment) -> Result<(), TaskError> {
        segment.listing.add(member, MemberKind::File, &self.origin);
        self.files += 1;
        self.push(&about.to_string(), segment)
    }

    fn push(&mut self, line: &str, segment: &mut Segment) -> Result<(), TaskError> {
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.push(b'\n');
        self.in_lines += 1;
        self.records += 1;
        if self.lines.len() >= MEMBER_BYTES_MAX { self.flush(segment) } else { Ok(()) }
    }

    pub(super) fn flush(&mut self, segment: &mut Segment) -> Result<(), TaskError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let path = self.next_path();
        self.members += 1;
        let member = segment.writer.add(&path, &self.lines, self.in_lines).map_err(unwritable)?;
        segment.listing.add(member, MemberKind::Records, &self.origin);
        self.lines.clear();
        self.in_lines = 0;
        Ok(())
    }

    /// Of the member that the next lines will be.
    fn next_path(&self) -> String {
        let number = self.part * MEMBERS_PER_PART + self.members + 1;
        collection_path(self.subject, self.source.data_type.as_str(), &self.source.name, number)
    }

    pub(super) fn line(&self, item: &Item, own: bool) -> Result<String, TaskError> {
        let needs_key = |rule| rule == OfOthers::Pseudonymise && self.pseudonyms.is_none();
        if item.keys().any(|name| needs_key(self.source.of_others(name, own))) {
            return Err(TaskError::new(names::INCOMPLETE, "The plan has no key for pseudonyms."));
        }
        Ok(to_json(item, |name, value| self.shown(name, value, own)))
    }

    /// What is left of a field.
    pub(super) fn shown(&self, name: &str, value: &AttributeValue, own: bool) -> Shown {
        match self.source.of_others(name, own) {
            _ if self.is_security(name) => Shown::Nothing,
            OfOthers::Keep => Shown::AsItIs,
            OfOthers::Pseudonymise if matches!(value, AttributeValue::Null(_)) => Shown::AsItIs,
            OfOthers::Redact => Shown::Nothing,
            OfOthers::Pseudonymise => self
                .pseudonyms
                .map_or(Shown::Nothing, |pseudonyms| Shown::Other(pseudonyms.of(self.subject, value))),
        }
    }

    fn is_security(&self, name: &str) -> bool {
        self.source.security_fields.iter().any(|field| field == name)
    }

    /// What a line says of a file: where it was and is, and what the product has
    /// written beside it, but for security data.
    fn about(&self, file: &FileKey, path: &str, open: &OpenFile<'_>) -> Value {
        let mut about = Map::new();
        about.insert("key".to_owned(), json!(file.key));
        about.insert("bytes".to_owned(), json!(open.about.bytes));
        about.insert("path".to_owned(), json!(path));
        if let Some(version) = &file.version {
            about.insert("version_id".to_owned(), json!(version));
            about.insert("is_current".to_owned(), json!(!file.is_old));
        }
        about.extend(open.about.content_type.iter().map(|is| ("content_type".to_owned(), json!(is))));
        let changed = open.about.last_modified.map(rfc3339);
        about.extend(changed.map(|at| ("last_modified".to_owned(), json!(at))));
        for (name, values) in [("metadata", &open.about.metadata), ("tags", &open.tags)] {
            let shown = values.iter().filter(|(name, _)| !self.is_security(name));
            let shown: Map<_, _> = shown.map(|(name, value)| (name.clone(), json!(value))).collect();
            if !shown.is_empty() {
                about.insert(name.to_owned(), Value::Object(shown));
            }
        }
        Value::Object(about)
    }

    /// Where a file lies in the archive: in a folder named by the record that led
    /// to it, or else by where it was.
    pub(super) fn path(&self, file: &FileKey, lead: Option<&Key>) -> String {
        let (before, name) = file.key.rsplit_once('/').unwrap_or(("", &file.key));
        let mut of = match lead {
            Some(lead) => told_apart(&values(lead), &values(lead)),
            None => told_apart(before, &file.key),
        };
        if let Some(version) = file.version.as_ref().filter(|_| file.is_old) {
            of = format!("{of}~{}", &digest(&[version.as_bytes()])[..8]);
        }
        let folder = file_path(self.subject, self.source.data_type.as_str(), &self.source.name);
        format!("{folder}/{}/{}", component(&of), component(name))
    }

    pub(super) fn count(&self) -> Count {
        Count { origin: self.origin.clone(), records: self.records, files: self.files }
    }
}

/// The values of a key, as a name.
fn values(key: &Key) -> String {
    let values = key.values().map(|value| match value {
        TypedKey::S(text) | TypedKey::N(text) | TypedKey::B(text) => text.as_str(),
    });
    values.collect::<Vec<_>>().join("/")
}

/// A folder's name. Keys that differ only in case are told apart by a digest:
/// many file systems would not.
fn told_apart(name: &str, key: &str) -> String {
    if key == key.to_lowercase() {
        return name.to_owned();
    }
    format!("{name}~{}", &digest(&[key.as_bytes()])[..8])
}

fn grown(source: &Source) -> TaskError {
    let message = format!("A file in the data source `{}` changed while it was being read.", source.name);
    TaskError::new(names::SOURCE_UNAVAILABLE, message)
}
