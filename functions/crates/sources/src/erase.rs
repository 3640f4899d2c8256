use crate::{Address, DataMap, Erase, Find, Key, Source, SourceError, Stores, Subject};

/// Something that the inventory says is the subject's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Record(Key),
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
    /// It was gone, or is no longer the subject's: nothing was touched.
    Gone,
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
            if !is_lead_theirs(stores, map, source, subject, lead).await? {
                return Ok(Erased::Gone);
            }
            let erased = stores.s3.erase(&source.name, &address.bucket, key).await?;
            Ok(if erased { Erased::Deleted } else { Erased::Gone })
        }
        (Address::DynamoDb(address), rule, Target::Record(key)) => {
            // Each rule that could have found the record is a way in which it may still be theirs.
            for holds in conditions(source, subject) {
                let erased = match rule {
                    Erase::Mask { remove } => {
                        let removed =
                            stores.dynamodb.remove_fields(&address.table, key, remove, &holds).await;
                        removed.map(|done| done.then_some(Erased::Masked))
                    }
                    _ => {
                        let deleted = stores.dynamodb.delete(&address.table, key, &holds).await;
                        deleted.map(|done| done.then_some(Erased::Deleted))
                    }
                };
                if let Some(erased) = erased.map_err(|cause| SourceError::unavailable(&source.name, cause))? {
                    return Ok(erased);
                }
            }
            Ok(Erased::Gone)
        }
        _ => Err(SourceError::garbage(&source.name, "the inventory is of another kind than the source")),
    }
}

async fn is_lead_theirs(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    lead: &Key,
) -> Result<bool, SourceError> {
    let through = source.find.iter().find_map(|find| match find {
        Find::Through { through, .. } => map.source(through),
        Find::Subject { .. } => None,
    });
    let Some((parent, Address::DynamoDb(address))) = through.map(|parent| (parent, &parent.address)) else {
        return Err(SourceError::garbage(&source.name, "the source to go through is gone"));
    };
    for holds in conditions(parent, subject) {
        let theirs = stores.dynamodb.holds(&address.table, lead, &holds).await;
        if theirs.map_err(|cause| SourceError::unavailable(&parent.name, cause))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// For each rule by which a record is the subject's: what it must still say.
fn conditions<'a>(source: &'a Source, subject: &'a Subject) -> impl Iterator<Item = Vec<(&'a str, &'a str)>> {
    source.find.iter().filter_map(|find| match find {
        Find::Subject { subject_field, .. } => {
            let mut holds = vec![(subject_field.as_str(), subject.email.as_str())];
            holds.extend(source.account_field.as_deref().map(|field| (field, subject.account.as_str())));
            Some(holds)
        }
        Find::Through { .. } => None,
    })
}
