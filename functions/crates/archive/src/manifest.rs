use std::cmp::Ordering;

use crate::member_name::MemberName;
use crate::subject::Subject;
use serde::{Deserialize, Serialize};

mod outline;
mod plan;

pub use outline::{ManifestError, Mismatch, Outline};
pub use plan::{PlannedSource, SearchPlan};

/// The name of the manifest in the archive.
pub const MANIFEST_NAME: &str = "manifest.json";

/// `manifest.json`: what was asked, what was searched, what was found and where
/// it lies, what is not in the archive and why. The offline page shows the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: Format,
    pub request: RequestReport,
    /// Every subject of the request, by address.
    pub subjects: Vec<SubjectReport>,
    /// Fields about other people that the data map redacts or pseudonymises.
    pub redacted: Vec<FieldList>,
    /// Security data (passwords, passcodes, keys, tokens) that is never
    /// exported: the names of the fields only.
    pub security_left_out: Vec<FieldList>,
    pub excluded: Vec<Excluded>,
    pub information: Option<Information>,
}

/// Changes when a reader of the old form would misread the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    #[serde(rename = "habeas-export/1")]
    V1,
}

/// The request as it was filed. Times are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestReport {
    pub id: String,
    pub account: String,
    pub kind: String,
    pub created_at: String,
    pub date_range: Option<DateRange>,
    pub data_types: Vec<String>,
    pub requestor_role: String,
}

/// Days in UTC, both inclusive, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectReport {
    pub address: Subject,
    /// What else stands for the person in the sources, and was looked for too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// Every requested and every searched data type, by name.
    pub data_types: Vec<DataTypeReport>,
}

/// An id of a person, and what linked it to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What the operator calls ids of this kind, such as `user_id`.
    pub id: String,
    pub value: Subject,
    /// The kind and the value of the id that led to it.
    pub from: String,
    pub from_value: Subject,
    /// Where both were found together.
    pub found_in: String,
}

/// The sums of the collections below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataTypeReport {
    pub data_type: String,
    pub records: u64,
    pub files: u64,
    pub bytes: u64,
    /// One for each source searched, by collection and source. None at all
    /// means that no source holds this type of data.
    pub collections: Vec<CollectionReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectionReport {
    pub collection: String,
    pub source: String,
    pub records: u64,
    /// As the archive's segments have them; of each segment, records before original
    /// files, and each by path.
    pub files: Vec<FileReport>,
    /// The source was searched and has nothing about the subject.
    pub nothing_held: bool,
    /// How many files an outline leaves to its rows, besides those in `files`.
    #[serde(skip)]
    pub unlisted: u64,
}

/// A file of the archive, with the SHA-256 of its unpacked content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileReport {
    pub path: MemberName,
    pub kind: MemberKind,
    pub records: u64,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberKind {
    /// Records as JSON Lines, as many as the row says.
    Records,
    /// An original file, which holds no records.
    File,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldList {
    pub collection: String,
    pub source: String,
    pub fields: Vec<String>,
}

/// What the archive leaves out as a whole, such as cloud recordings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    pub what: String,
    pub reason: String,
}

/// What GDPR Art. 15(1) has told along with the data, in the operator's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Information {
    /// Art. 15(1)(a).
    pub purposes: Vec<String>,
    /// Art. 15(1)(b).
    pub categories: Vec<String>,
    /// Art. 15(1)(c).
    pub recipients: Vec<String>,
    /// Art. 15(1)(d).
    pub retention: Vec<String>,
    /// Art. 15(1)(e).
    pub rights: Vec<String>,
    /// Art. 15(1)(f).
    pub complaint: String,
    /// Art. 15(1)(g).
    pub source: String,
    /// Art. 15(1)(h).
    pub automated_decisions: String,
}

impl FileReport {
    pub(crate) fn in_reading_order(&self, other: &Self) -> Ordering {
        (self.kind, &self.path).cmp(&(other.kind, &other.path))
    }
}
