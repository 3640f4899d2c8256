use std::collections::BTreeMap;

use crate::connector::Fate;
use crate::{DataMap, Erase, Found, Item, Key, Source};

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
        /// Whether other people had a part in it when it was listed. Who of them is
        /// erased first then changes nothing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
    },
    File {
        key: String,
        /// The record that led to the file, and says whose it is. None where the
        /// file's own key does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lead: Option<Key>,
    },
}

/// What became of one record of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erased {
    Deleted,
    Masked,
    Retained,
    /// A legal hold was on it.
    Held,
    /// It was gone, or is no longer what the inventory saw: nothing was touched.
    Left,
}

impl Target {
    /// What a deletion lists of what a walk has found, to count it and to erase
    /// it. Other people's records that the person only led to are not theirs.
    #[must_use]
    pub fn of(map: &DataMap, source: &Source, found: Found, shared: bool) -> Option<Self> {
        match found {
            Found::Record { key, item, own: true } => Some(Self::record(map, source, key, &item, shared)),
            Found::Record { own: false, .. } => None,
            Found::File { file, lead } => Some(Self::File { key: file.key, lead }),
        }
    }

    /// A record of `source`, as an inventory lists it; whether it is shared,
    /// [`is_shared`](crate::is_shared) says.
    #[must_use]
    pub fn record(map: &DataMap, source: &Source, key: Key, item: &Item, shared: bool) -> Self {
        let fields = map.file_fields(source);
        let files = fields.map(|field| {
            let value = item.get(field).and_then(|value| value.as_s().ok());
            (field.to_owned(), value.cloned())
        });
        Self::Record { key, files: files.collect(), shared }
    }

    /// What a rule makes of it. Nothing where it stays as it is.
    pub(crate) fn fate<'r>(&self, rule: &'r Erase) -> Option<Fate<'r>> {
        match (rule, self) {
            (Erase::Retain { .. }, _) => None,
            (Erase::Mask(mask), _) => Some(Fate::Mask(mask)),
            (Erase::AnonymiseShared { mask, .. }, Self::Record { shared: true, .. }) => {
                Some(Fate::Mask(mask))
            }
            (Erase::Delete | Erase::AnonymiseShared { .. }, _) => Some(Fate::Delete),
        }
    }
}
