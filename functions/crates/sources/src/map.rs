mod check;
mod erase;
mod identity;
pub(crate) mod policy;
mod read;
mod reader;

use std::collections::BTreeMap;
use std::time::Duration;

use habeas_domain::DataType;

use crate::{MapError, PrefixTemplate};
pub use erase::{Erase, Mask, Masking};
use read::Places;
pub use reader::Mistake;

/// Where personal data lives. Read from TOML, and checked before anything uses it.
#[derive(Debug, Clone, PartialEq)]
pub struct DataMap {
    /// How ids of a person follow from each other.
    pub identities: Vec<Identity>,
    pub sources: Vec<Source>,
    /// What an export does not contain, and why.
    pub excluded: Vec<Excluded>,
    pub information: Option<Information>,
}

/// One place where personal data lives.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Also the name of the collection in an archive.
    pub name: String,
    pub data_type: DataType,
    /// The field that says which account a record belongs to.
    pub account_field: Option<String>,
    /// The RFC 3339 time by which a date range chooses. Where it is absent, the
    /// time of the record that led here counts.
    pub time_field: Option<String>,
    /// Passwords, passcodes, keys, tokens: never exported.
    pub security_fields: Vec<String>,
    /// What becomes of fields of records that are other people's: those found
    /// through a parent.
    pub others: BTreeMap<String, OfOthers>,
    /// What becomes of fields that name other people, whosever the record is.
    pub mentions: BTreeMap<String, OfOthers>,
    /// Whether a whole table may be read for every person.
    pub allow_scan: bool,
    /// In how many parts a whole table is read side by side.
    pub scan_parts: u32,
    pub pace: Pace,
    pub address: Address,
    pub find: Vec<Find>,
    pub erase: Erase,
}

/// How hard a source may be worked, and how long it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// An answer that takes longer is given up, and asked for again.
    pub answer_within: Duration,
    /// How many of a request's readers, or erasing calls, there are at a time.
    pub at_a_time: Option<u32>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { answer_within: Duration::from_secs(60), at_a_time: None }
    }
}

/// The id by which a request names people.
pub const EMAIL: &str = "email";

/// How an id follows from another: a record of a table has both.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// What the id is called that is learnt.
    pub id: String,
    /// The field that holds it.
    pub id_field: String,
    /// The id that it is learnt from.
    pub from: String,
    /// The field that holds that one, and the index by it.
    pub find_field: String,
    pub index: Option<String>,
    pub address: TableAddress,
    pub account_field: String,
}

/// What becomes of a field about other people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfOthers {
    Keep,
    Redact,
    /// The same value becomes the same pseudonym throughout an archive.
    Pseudonymise,
}

/// Which store, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Address {
    DynamoDb(TableAddress),
    S3(BucketAddress),
    Lambda(FunctionAddress),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableAddress {
    pub table: String,
    /// The names of the partition key and, where there is one, the sort key.
    pub key: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BucketAddress {
    pub bucket: String,
    /// Whether an export has all versions of an object, and not the current one alone.
    pub versions: bool,
    /// Whether an export has the objects' tags.
    pub tags: bool,
}

/// A function of the operator's that answers pages.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionAddress {
    pub function: String,
    /// The names of the fields, all texts, that tell one record from another.
    pub key: Vec<String>,
}

/// How a subject's records are found.
#[derive(Debug, Clone, PartialEq)]
pub enum Find {
    /// The field holds an id of the subject. Without an index it is the table's
    /// partition key, or the whole table is read.
    Subject { subject_field: String, id: String, index: Option<String> },
    /// Objects whose keys begin with something of the subject's.
    Prefix { prefix: PrefixTemplate },
    /// Records of another source that are the subject's lead here: by their
    /// field of the same name as the partition key, or as the key of an object.
    Through { through: String, field: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    pub what: String,
    pub reason: String,
}

/// What Art. 15(1) GDPR wants people to be told beside their data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Information {
    pub purposes: Vec<String>,
    pub categories: Vec<String>,
    pub recipients: Vec<String>,
    pub retention: Vec<String>,
    pub rights: Vec<String>,
    pub complaint: String,
    pub source: String,
    pub automated_decisions: String,
}

impl Source {
    /// Whether a rule reads the whole table, because neither an index nor the
    /// partition key leads to a person's records.
    #[must_use]
    pub fn scans(&self, find: &Find) -> bool {
        match find {
            Find::Subject { subject_field, index, .. } => self.scans_for(subject_field, index.as_deref()),
            Find::Through { .. } | Find::Prefix { .. } => false,
        }
    }

    pub(crate) fn scans_for(&self, field: &str, index: Option<&str>) -> bool {
        match &self.address {
            Address::DynamoDb(address) => {
                index.is_none() && address.key.first().is_none_or(|partition| partition != field)
            }
            Address::S3(_) | Address::Lambda(_) => false,
        }
    }

    /// The field that holds an id of the person in records of their own, and
    /// which id that is.
    #[must_use]
    pub fn own_field(&self) -> Option<(&str, &str)> {
        self.find.iter().find_map(|find| match find {
            Find::Subject { subject_field, id, .. } => Some((subject_field.as_str(), id.as_str())),
            Find::Through { .. } | Find::Prefix { .. } => None,
        })
    }

    /// The source that this one goes through, by its name.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.lead().map(|(through, _)| through)
    }

    /// The same, and the field of its records that leads here.
    #[must_use]
    pub fn lead(&self) -> Option<(&str, &str)> {
        self.find.iter().find_map(|find| match find {
            Find::Through { through, field } => Some((through.as_str(), field.as_str())),
            Find::Subject { .. } | Find::Prefix { .. } => None,
        })
    }

    /// What becomes of a field about other people, in a record of the person's
    /// own or in one of somebody else.
    #[must_use]
    pub fn of_others(&self, field: &str, own: bool) -> OfOthers {
        let others = self.others.get(field).filter(|_| !own);
        others.or(self.mentions.get(field)).copied().unwrap_or(OfOthers::Keep)
    }

    /// Whether an export has pseudonyms in records of this source.
    #[must_use]
    pub fn pseudonymises(&self) -> bool {
        self.hidden_of_others().any(|(_, rule)| rule == OfOthers::Pseudonymise)
    }

    /// Fields about other people that an export does not give as they are.
    pub fn hidden_of_others(&self) -> impl Iterator<Item = (&str, OfOthers)> {
        let fields = self.others.iter().chain(&self.mentions);
        fields.filter(|(_, rule)| **rule != OfOthers::Keep).map(|(field, rule)| (field.as_str(), *rule))
    }
}

impl DataMap {
    /// Reads and checks a map, with `${account}` and `${region}` filled in.
    pub fn parse(toml: &str, account: &str, region: &str) -> Result<Self, MapError> {
        read::read(toml, &Places { account, region }).map_err(MapError)
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The source whose records say who else has a part in those of this one.
    #[must_use]
    pub fn shared_with(&self, source: &Source) -> Option<&Source> {
        match &source.erase {
            Erase::AnonymiseShared { shared_with, .. } => self.source(shared_with),
            Erase::Delete | Erase::Mask(_) | Erase::Retain { .. } => None,
        }
    }

    /// The fields of a source's records that hold the keys of files.
    pub fn file_fields(&self, of: &Source) -> impl Iterator<Item = &str> {
        let files = self.sources.iter().filter(|source| matches!(source.address, Address::S3(_)));
        files.flat_map(|source| &source.find).filter_map(|find| match find {
            Find::Through { through, field } => {
                let parent = self.source(through).filter(|parent| parent.address == of.address);
                parent.map(|_| field.as_str())
            }
            Find::Subject { .. } | Find::Prefix { .. } => None,
        })
    }

    /// Whether a source of this name has the very records of another: a table may
    /// have several sources.
    #[must_use]
    pub fn is_same_place(&self, name: &str, source: &Source) -> bool {
        name == source.name || self.source(name).is_some_and(|other| other.address == source.address)
    }

    /// The sources of the given data types, in the order of the map.
    pub fn of_types(&self, types: &[DataType]) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| types.contains(&source.data_type))
    }
}
