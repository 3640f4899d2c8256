use std::time::Instant;

use chrono::{Datelike, Timelike};
use habeas_archive::{
    DosTime, Found as Count, Member, MemberKind, SegmentIndex, SegmentWriter, collection_path, component,
    file_path,
};
use habeas_domain::Request;
use habeas_lambda::{TaskError, names};
use habeas_sources::{
    Address, AttributeValue, Found, Key, OfOthers, Pseudonyms, Shown, Source, TypedKey, Walk, to_json,
};
use habeas_work::{Ground, Step, Unit, source_error, subject};
use sha2::{Digest, Sha256};

use crate::{Cursor, Workplace};

/// A collection goes on in another member from here on: what is compressed and
/// redone at once stays small.
const MEMBER_BYTES_MAX: usize = 8 << 20;

/// A step ends when its segment has reached this size: large enough that an
/// archive of 10,000 parts takes 300 GiB, small enough for a function's memory.
const SEGMENT_BYTES_TARGET: u64 = 32 << 20;

/// Does one step of an export: one segment and its index.
pub(crate) async fn step(
    place: Workplace<'_>,
    request: &Request,
    unit: &Unit,
    mut cursor: Cursor,
    deadline: Instant,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let mut segment = Segment::new(request);
    let (mut full, mut pseudonyms) = (false, None);
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| !full) {
        let source = ground.source(&task.source)?;
        let subject = subject(request, task)?;
        let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
        if pseudonyms.is_none() && source.pseudonymises() {
            pseudonyms = Some(place.folder.pseudonyms().await?);
        }
        let mut collection =
            Collection::new(source, subject.email.as_str(), pseudonyms.as_ref(), cursor.members);
        let mut next = Some(cursor.at.clone());
        while let Some(at) = next.as_ref().filter(|_| !full) {
            let page = walk.page(at).await.map_err(source_error)?;
            for found in page.found {
                collection.add(ground, found, &mut segment).await?;
            }
            next = page.next;
            full = segment.writer.len() >= SEGMENT_BYTES_TARGET || Instant::now() >= deadline;
        }
        collection.flush(&mut segment)?;
        cursor.members = collection.members;
        segment.found.push(collection.count());
        match next {
            Some(at) => cursor.at = at,
            None => cursor = Cursor { task: cursor.task + 1, step: cursor.step, ..Cursor::default() },
        }
    }
    cursor.step += 1;
    let done = cursor.task >= unit.tasks.len();
    segment.store(place, unit, cursor, done).await
}

/// The segment of a step, and what its index will say.
struct Segment {
    writer: SegmentWriter,
    members: Vec<Member>,
    found: Vec<Count>,
}

impl Segment {
    /// Members carry the time of filing: the same request makes the same bytes.
    fn new(request: &Request) -> Self {
        let at = request.created_at;
        let modified = DosTime::new(at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second());
        Self { writer: SegmentWriter::new(modified), members: Vec::new(), found: Vec::new() }
    }

    /// The segment first, then the index that makes it count.
    async fn store(
        self,
        place: Workplace<'_>,
        unit: &Unit,
        cursor: Cursor,
        last: bool,
    ) -> Result<Cursor, TaskError> {
        let folder = place.folder;
        let step = cursor.step;
        let segment = self.writer.finish();
        let digest: String =
            Sha256::digest(&segment.bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let index = SegmentIndex {
            unit: unit.unit.clone(),
            step,
            last,
            key: folder.keys.segment(&unit.unit, step, &digest),
            bytes: segment.bytes.len() as u64,
            members: self.members,
            found: self.found,
        };
        if !segment.bytes.is_empty() {
            folder.bucket.put(&index.key, segment.bytes, "application/octet-stream").await?;
        }
        folder.keep_first(place.key, Step { cursor, result: index }).await
    }
}

/// What one step finds of one person in one source.
struct Collection<'a> {
    source: &'a Source,
    subject: &'a str,
    /// None where the data map asks for none.
    pseudonyms: Option<&'a Pseudonyms>,
    lines: Vec<u8>,
    in_lines: u64,
    records: u64,
    files: u64,
    members: u32,
}

impl<'a> Collection<'a> {
    fn new(source: &'a Source, subject: &'a str, pseudonyms: Option<&'a Pseudonyms>, members: u32) -> Self {
        Self { source, subject, pseudonyms, lines: Vec::new(), in_lines: 0, records: 0, files: 0, members }
    }

    async fn add(&mut self, ground: &Ground, found: Found, segment: &mut Segment) -> Result<(), TaskError> {
        match found {
            Found::Record { item, own, .. } => {
                let line = to_json(&item, |name, value| self.shown(name, value, own));
                self.push(&line, segment)
            }
            Found::File { key, lead } => self.add_file(ground, &key, &folder(&lead), segment).await,
        }
    }

    /// What is left of a field. Where there is no key for pseudonyms, nothing is.
    fn shown(&self, name: &str, value: &AttributeValue, own: bool) -> Shown {
        match self.source.of_others(name, own) {
            _ if self.source.security_fields.iter().any(|field| field == name) => Shown::Nothing,
            OfOthers::Keep => Shown::AsItIs,
            OfOthers::Pseudonymise if matches!(value, AttributeValue::Null(_)) => Shown::AsItIs,
            OfOthers::Redact => Shown::Nothing,
            OfOthers::Pseudonymise => self
                .pseudonyms
                .map_or(Shown::Nothing, |pseudonyms| Shown::Other(pseudonyms.of(self.subject, value))),
        }
    }

    /// The file itself, and a line that says which file it is. A record that
    /// points to a file which is not there is told, not passed over.
    async fn add_file(
        &mut self,
        ground: &Ground,
        key: &str,
        of: &str,
        segment: &mut Segment,
    ) -> Result<(), TaskError> {
        let Address::S3(address) = &self.source.address else {
            return Err(TaskError::new(names::INCOMPLETE, "A file was found where there are no files."));
        };
        let content =
            ground.stores.s3.read(&self.source.name, &address.bucket, key).await.map_err(source_error)?;
        let Some(content) = content else {
            let line = serde_json::json!({ "key": key, "missing": true });
            return self.push(&line.to_string(), segment);
        };
        let name = key.rsplit('/').next().unwrap_or(key);
        let data_type = self.source.data_type.as_str();
        let folder = file_path(self.subject, data_type, &self.source.name);
        let path = format!("{folder}/{}/{}", component(of), component(name));
        let entry = segment.writer.add(&path, &content, 0).map_err(unwritable)?.clone();
        segment.members.push(self.member(entry, MemberKind::File));
        self.files += 1;
        let line = serde_json::json!({ "key": key, "bytes": content.len(), "path": path });
        self.push(&line.to_string(), segment)
    }

    fn push(&mut self, line: &str, segment: &mut Segment) -> Result<(), TaskError> {
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.push(b'\n');
        self.in_lines += 1;
        self.records += 1;
        if self.lines.len() >= MEMBER_BYTES_MAX { self.flush(segment) } else { Ok(()) }
    }

    fn flush(&mut self, segment: &mut Segment) -> Result<(), TaskError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.members += 1;
        let data_type = self.source.data_type.as_str();
        let path = collection_path(self.subject, data_type, &self.source.name, self.members);
        let entry = segment.writer.add(&path, &self.lines, self.in_lines).map_err(unwritable)?.clone();
        segment.members.push(self.member(entry, MemberKind::Records));
        self.lines.clear();
        self.in_lines = 0;
        Ok(())
    }

    fn member(&self, entry: habeas_archive::Entry, kind: MemberKind) -> Member {
        Member {
            entry,
            subject: self.subject.into(),
            source: self.source.name.clone(),
            data_type: self.source.data_type.to_string(),
            collection: self.source.name.clone(),
            kind,
        }
    }

    fn count(&self) -> Count {
        Count {
            subject: self.subject.into(),
            source: self.source.name.clone(),
            data_type: self.source.data_type.to_string(),
            collection: self.source.name.clone(),
            records: self.records,
            files: self.files,
        }
    }
}

/// A folder for the files of one record, named by its key. Keys that differ only
/// in case are told apart by a digest: many file systems would not.
fn folder(lead: &Key) -> String {
    let values = lead.values().map(|value| match value {
        TypedKey::S(text) | TypedKey::N(text) | TypedKey::B(text) => text.as_str(),
    });
    let name = values.collect::<Vec<_>>().join("/");
    if name == name.to_lowercase() {
        return name;
    }
    let digest = Sha256::digest(name.as_bytes());
    format!("{name}~{}", digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> TaskError {
    TaskError::new(names::INCOMPLETE, "A part of the archive could not be written.").because(error)
}

#[cfg(test)]
mod tests {
    use habeas_sources::DataMap;

    use super::*;

    const MAP: &str = r#"
        version = 1
        [[source]]
        name = "attendances"
        data_type = "meetings"
        account_field = "account_id"
        security_fields = ["passcode"]
        others = { ip_address = "redact", device = "pseudonymise", name = "keep" }
        mentions = { invited_by = "pseudonymise" }
        dynamodb = { table = "attendances", key = ["meeting_id", "email"] }
        find = [{ subject_field = "email", index = "by-email" }, { through = "meetings", field = "meeting_id" }]
        erase = { rule = "delete" }
        [[source]]
        name = "meetings"
        data_type = "meetings"
        account_field = "account_id"
        dynamodb = { table = "meetings", key = ["meeting_id"] }
        find = [{ subject_field = "host", index = "by-host" }]
        erase = { rule = "delete" }
    "#;

    #[test]
    fn what_is_about_others_is_shown_as_the_map_says() {
        let map = DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap();
        let source = map.source("attendances").unwrap();
        let pseudonyms = Pseudonyms::new([7; Pseudonyms::KEY_BYTES]);
        let value = AttributeValue::S("x".to_owned());
        let pseudonym = Shown::Other(pseudonyms.of("ana@amber.example", &value));
        let of = |pseudonyms| Collection::new(source, "ana@amber.example", pseudonyms, 0);
        for (field, own, others) in [
            ("passcode", Shown::Nothing, Shown::Nothing),
            ("ip_address", Shown::AsItIs, Shown::Nothing),
            ("device", Shown::AsItIs, pseudonym.clone()),
            ("name", Shown::AsItIs, Shown::AsItIs),
            ("invited_by", pseudonym.clone(), pseudonym),
        ] {
            assert_eq!(of(Some(&pseudonyms)).shown(field, &value, true), own, "{field}");
            assert_eq!(of(Some(&pseudonyms)).shown(field, &value, false), others, "{field}");
        }
        // Without a key, nothing is better than the value.
        assert_eq!(of(None).shown("device", &value, false), Shown::Nothing);
    }
}
