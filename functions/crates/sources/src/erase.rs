use crate::{Address, Erase, Find, Key, Source, SourceError, Stores, Subject};

/// What became of one record of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    Deleted,
    Masked,
    Retained,
    /// It was gone, or is no longer the subject's: nothing was touched.
    Gone,
}

/// Erases one record by the rule of its source. Safe to repeat: a record that
/// was erased before, or belongs to somebody else by now, is left alone.
pub async fn erase(
    stores: &Stores,
    source: &Source,
    subject: &Subject,
    target: &Target,
) -> Result<Erased, SourceError> {
    let fault = |cause| SourceError::unavailable(&source.name, cause);
    match (&source.address, &source.erase, target) {
        (_, Erase::Retain { .. }, _) => Ok(Erased::Retained),
        (Address::S3(address), _, Target::File(key)) => {
            let erased = stores.s3.erase(&source.name, &address.bucket, key).await?;
            Ok(if erased { Erased::Deleted } else { Erased::Gone })
        }
        (Address::DynamoDb(address), rule, Target::Record(key)) => {
            let mut outcome = Erased::Gone;
            // Each rule that could have found the record is a way in which it may still be theirs.
            for field in subject_fields(source) {
                let mut holds = vec![(field, subject.email.as_str())];
                if let Some(account_field) = &source.account_field {
                    holds.push((account_field, subject.account.as_str()));
                }
                let (table, db) = (&address.table, &stores.dynamodb);
                let done = match rule {
                    Erase::Mask { remove } => {
                        db.remove_fields(table, key, remove, &holds).await.map_err(fault)?
                    }
                    _ => db.delete(table, key, &holds).await.map_err(fault)?,
                };
                if done {
                    outcome =
                        if matches!(rule, Erase::Mask { .. }) { Erased::Masked } else { Erased::Deleted };
                    break;
                }
            }
            Ok(outcome)
        }
        _ => Err(SourceError::garbage(&source.name, "the inventory is of another kind than the source")),
    }
}

/// Something that the inventory says is the subject's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Record(Key),
    File(String),
}

fn subject_fields(source: &Source) -> impl Iterator<Item = &str> {
    source.find.iter().filter_map(|find| match find {
        Find::Subject { subject_field, .. } => Some(subject_field.as_str()),
        Find::Through { .. } => None,
    })
}
