use std::collections::BTreeMap;

use crate::dynamodb::Condition;
use crate::{Address, DataMap, Erase, Find, Item, Key, Source, SourceError, Stores, Subject};

/// Something that the inventory says is the subject's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Record {
        key: Key,
        /// The fields that lead to files, as the inventory saw them: a record
        /// that has got another file since is not the one that was looked at.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, Option<String>>,
    },
    File {
        key: String,
        /// The record that led to the file, and says whose it is.
        lead: Key,
    },
}

/// What became of one record of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    Deleted,
    Masked,
    Retained,
    /// It was gone, or is no longer what the inventory saw: nothing was touched.
    Left,
}

impl Target {
    /// A record of `source`, as an inventory lists it.
    #[must_use]
    pub fn record(map: &DataMap, source: &Source, key: Key, item: &Item) -> Self {
        let fields = map.file_fields(source);
        let files = fields.map(|field| {
            let value = item.get(field).and_then(|value| value.as_s().ok());
            (field.to_owned(), value.cloned())
        });
        Self::Record { key, files: files.collect() }
    }
}

/// Erases one target by the rule of its source. Safe to repeat: what was erased
/// before, or belongs to somebody else by now, is left alone.
///
/// Files go before the records that lead to them. Without these they could not
/// be found again, should something fail in between.
pub async fn erase(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    target: &Target,
) -> Result<Erased, SourceError> {
    match (&source.address, &source.erase, target) {
        (_, Erase::Retain { .. }, _) => Ok(Erased::Retained),
        (Address::S3(address), _, Target::File { key, lead }) => {
            if is_theirs(stores, map, source, subject, lead).await? != Some(true) {
                return Ok(Erased::Left);
            }
            let erased = stores.s3.erase(&source.name, &address.bucket, key).await?;
            Ok(if erased { Erased::Deleted } else { Erased::Left })
        }
        (Address::DynamoDb(address), rule, Target::Record { key, files }) => {
            let mut holds = condition(source, subject);
            holds.extend(files.iter().map(|(field, value)| (field.as_str(), value.as_deref())));
            let fault = |cause| SourceError::unavailable(&source.name, cause);
            let (done, as_what) = match rule {
                Erase::Mask { remove } => {
                    let masked = stores.dynamodb.remove_fields(&address.table, key, remove, &holds).await;
                    (masked.map_err(fault)?, Erased::Masked)
                }
                _ => {
                    let deleted = stores.dynamodb.delete(&address.table, key, &holds).await;
                    (deleted.map_err(fault)?, Erased::Deleted)
                }
            };
            Ok(if done { as_what } else { Erased::Left })
        }
        _ => Err(SourceError::garbage(&source.name, "the inventory is of another kind than the source")),
    }
}

/// Whether a file of the inventory is still there and the subject's. With its
/// record gone, nobody else can have it.
pub async fn is_left(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    target: &Target,
) -> Result<bool, SourceError> {
    let (Address::S3(address), Target::File { key, lead }) = (&source.address, target) else {
        return Ok(false);
    };
    if matches!(source.erase, Erase::Retain { .. })
        || !stores.s3.holds(&source.name, &address.bucket, key).await?
    {
        return Ok(false);
    }
    Ok(is_theirs(stores, map, source, subject, lead).await? != Some(false))
}

/// Whether the record that leads to a file is the subject's; nothing where it is gone.
async fn is_theirs(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    lead: &Key,
) -> Result<Option<bool>, SourceError> {
    let through = source.find.iter().find_map(|find| match find {
        Find::Through { through, .. } => map.source(through),
        Find::Subject { .. } => None,
    });
    let Some((parent, Address::DynamoDb(address))) = through.map(|parent| (parent, &parent.address)) else {
        return Err(SourceError::garbage(&source.name, "the source to go through is gone"));
    };
    let theirs = stores.dynamodb.holds(&address.table, lead, &condition(parent, subject)).await;
    theirs.map_err(|cause| SourceError::unavailable(&parent.name, cause))
}

/// What a record says while it is the subject's.
fn condition<'a>(source: &'a Source, subject: &'a Subject) -> Vec<Condition<'a>> {
    let by = source.find.iter().find_map(|find| match find {
        Find::Subject { subject_field, .. } => Some((subject_field.as_str(), Some(subject.email.as_str()))),
        Find::Through { .. } => None,
    });
    let of = source.account_field.as_deref().map(|field| (field, Some(subject.account.as_str())));
    by.into_iter().chain(of).collect()
}
