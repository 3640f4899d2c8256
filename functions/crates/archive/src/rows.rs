use std::collections::BTreeMap;
use std::io;

use crate::entry::Member;
use crate::index::{Contents, Found};
use crate::manifest::{FileReport, MemberKind};
use crate::origin::Origin;
use crate::packed::Packed;
use serde::{Deserialize, Serialize};

/// More files of one collection would make a page no browser opens; the page
/// then says how many more there are, and the manifest lists them all.
pub(crate) const FILES_LISTED_MAX: usize = 200;

/// How the manifest's text has a list without rows, and what stands in front of the
/// first row, of each, between two and behind the last, where it has some.
pub(crate) const NO_ROWS: &str = r#""files": []"#;
pub(crate) const OPEN: &str = "\"files\": [\n";
const INDENT: &str = "                ";
pub(crate) const BETWEEN: &str = ",\n";
pub(crate) const CLOSE: &str = "\n              ]";

/// What the manifest says of the files that one segment has of an origin, written
/// and compressed where the segment was: the packager lays it into the manifest
/// as it is, however many files there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    pub origin: Origin,
    pub records: u64,
    /// Those among the files that hold no records.
    pub originals: u64,
    pub files: u64,
    /// Of the files' unpacked content.
    pub bytes: u64,
    /// The first files, for the page that is read offline.
    pub listed: Vec<FileReport>,
    /// Elements of a list in JSON, with commas between them.
    pub text: Packed,
}

/// What a collector notes of a segment while it is written.
#[derive(Debug, Default)]
pub struct Listing {
    contents: Contents,
    reports: BTreeMap<Origin, Vec<FileReport>>,
}

impl Listing {
    /// Notes a member. They come in the order in which they lie in the segment.
    pub fn add(&mut self, member: Member, kind: MemberKind, origin: &Origin) {
        let Member { entry, sha256, records } = member;
        let report =
            FileReport { path: entry.name.clone(), kind, records, bytes: entry.uncompressed, sha256 };
        match self.reports.get_mut(origin) {
            Some(reports) => reports.push(report),
            None => _ = self.reports.insert(origin.clone(), vec![report]),
        }
        self.contents.members.push(entry);
    }

    /// Notes that somebody looked, and what was found.
    pub fn found(&mut self, found: Found) {
        self.contents.found.push(found);
    }

    /// How many members there are so far.
    #[must_use]
    pub fn members(&self) -> usize {
        self.contents.members.len()
    }

    /// Fails where the rows cannot be compressed.
    pub fn finish(self) -> io::Result<Contents> {
        let rows = self.reports.into_iter().map(|(origin, reports)| Rows::new(origin, reports));
        Ok(Contents { rows: rows.collect::<Result<_, _>>()?, ..self.contents })
    }
}

impl Rows {
    fn new(origin: Origin, mut reports: Vec<FileReport>) -> io::Result<Self> {
        reports.sort_by(FileReport::in_reading_order);
        let mut text = Vec::new();
        for report in &reports {
            text.extend_from_slice(if text.is_empty() { "" } else { BETWEEN }.as_bytes());
            text.extend_from_slice(INDENT.as_bytes());
            serde_json::to_writer(&mut text, report)?;
        }
        let is_original = |report: &&FileReport| report.kind == MemberKind::File;
        Ok(Self {
            origin,
            records: reports.iter().map(|report| report.records).sum(),
            originals: reports.iter().filter(is_original).count() as u64,
            files: reports.len() as u64,
            bytes: reports.iter().map(|report| report.bytes).sum(),
            text: Packed::of(&text)?,
            listed: reports.into_iter().take(FILES_LISTED_MAX).collect(),
        })
    }
}
