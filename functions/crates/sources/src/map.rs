mod check;

use habeas_domain::DataType;
use serde::{Deserialize, Serialize};

use crate::MapError;

/// Where personal data lives. Read from TOML, and checked before anything uses it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataMap {
    version: u32,
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
    /// What an export does not contain, and why.
    #[serde(default)]
    pub excluded: Vec<Excluded>,
    pub information: Option<Information>,
}

/// One place where personal data lives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "SourceTable")]
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
    /// Other people's fields, left out of records found through a parent.
    pub redact: Vec<String>,
    pub address: Address,
    pub find: Vec<Find>,
    pub erase: Erase,
}

/// Which store, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Address {
    DynamoDb(TableAddress),
    S3(BucketAddress),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableAddress {
    pub table: String,
    /// The names of the partition key and, where there is one, the sort key.
    pub key: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketAddress {
    pub bucket: String,
}

/// A source as it is written: TOML has no enums, so the connector is the table that is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    name: String,
    data_type: DataType,
    account_field: Option<String>,
    time_field: Option<String>,
    #[serde(default)]
    security_fields: Vec<String>,
    #[serde(default)]
    redact: Vec<String>,
    dynamodb: Option<TableAddress>,
    s3: Option<BucketAddress>,
    find: Vec<Find>,
    erase: Erase,
}

impl TryFrom<SourceTable> for Source {
    type Error = String;

    fn try_from(table: SourceTable) -> Result<Self, String> {
        let address = match (table.dynamodb, table.s3) {
            (Some(address), None) => Address::DynamoDb(address),
            (None, Some(address)) => Address::S3(address),
            _ => return Err(format!("source `{}` needs one connector: `dynamodb` or `s3`", table.name)),
        };
        Ok(Self {
            name: table.name,
            data_type: table.data_type,
            account_field: table.account_field,
            time_field: table.time_field,
            security_fields: table.security_fields,
            redact: table.redact,
            address,
            find: table.find,
            erase: table.erase,
        })
    }
}

/// How a subject's records are found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Find {
    /// The field holds the subject's address. Without an index it is the table's partition key.
    Subject { subject_field: String, index: Option<String> },
    /// Records of another source that are the subject's lead here: by their
    /// field of the same name as the partition key, or as the key of an object.
    Through { through: String, field: String },
}

/// What a deletion does with the records that are the subject's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Erase {
    Delete,
    /// The record stays; these fields of it go.
    Mask {
        remove: Vec<String>,
    },
    /// The record stays as it is, for a legal reason.
    Retain {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    pub what: String,
    pub reason: String,
}

/// What Art. 15(1) GDPR wants people to be told beside their data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl DataMap {
    /// Reads and checks a map, with `${account}` and `${region}` filled in.
    pub fn parse(toml: &str, account: &str, region: &str) -> Result<Self, MapError> {
        let filled = toml.replace("${account}", account).replace("${region}", region);
        let map: Self = toml::from_str(&filled).map_err(|error| MapError::Syntax(error.to_string()))?;
        check::check(&map)?;
        Ok(map)
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The fields of a source's records that hold the keys of files.
    pub fn file_fields(&self, of: &Source) -> impl Iterator<Item = &str> {
        let files = self.sources.iter().filter(|source| matches!(source.address, Address::S3(_)));
        files.flat_map(|source| &source.find).filter_map(|find| match find {
            Find::Through { through, field } if *through == of.name => Some(field.as_str()),
            _ => None,
        })
    }

    /// The sources of the given data types, in the order of the map.
    pub fn of_types(&self, types: &[DataType]) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| types.contains(&source.data_type))
    }
}
