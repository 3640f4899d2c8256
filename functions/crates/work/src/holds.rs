use habeas_domain::{AccountId, EmailAddress, Hold, HoldBook, HoldId, Request, StoreError};
use habeas_lambda::{TaskError, names};
use habeas_sources::{DataMap, OnHold, Source};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Folder, Ground, Listed};

/// How often a deletion looks at the holds again because others placed or
/// released some meanwhile.
const ATTEMPTS_MAX: u32 = 10;

/// A piece of what was held stays below DynamoDB's 400 KB for a row.
const CHUNK_BYTES_MAX: usize = 300_000;

/// The legal holds that a deletion goes by: those of the moment when it began to
/// erase. All its tasks go by the same ones, whatever is placed or released since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    book: HoldBook,
}

/// Something that was held, by where it was found: a follow-up erases exactly this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldTarget {
    /// The person's position in the request, which is that in its follow-up.
    pub subject: usize,
    pub source: String,
    pub listed: Listed,
}

impl Holds {
    /// Begins to erase, or finds that it has begun. Placing a hold is a write on
    /// the same version of the account's holds, so that one of the two was first:
    /// a hold that was is kept to, and one that was not is told so.
    pub async fn begin(ground: &Ground, folder: &Folder, request: &Request) -> Result<Self, TaskError> {
        for _ in 0..ATTEMPTS_MAX {
            let book = ground.table.hold_book(&request.account).await?;
            if let Some(version) = book.erasing.get(&request.id) {
                return Self::kept(folder, *version).await;
            }
            if let Some((_, gone, ..)) =
                book.record_filters().find(|(_, of, ..)| ground.map.source(of).is_none())
            {
                let message = format!(
                    "A legal hold is on the data source `{gone}`, which left the data map. Nothing was erased."
                );
                return Err(TaskError::new(names::INCOMPLETE, message));
            }
            // Kept before it counts: what is begun can be read by all.
            let json = serde_json::to_vec(&book.holds).map_err(unwritable)?;
            match folder.bucket.put_new(&folder.keys.holds(book.version), json, "application/json").await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(fault) => return Err(fault.into()),
            }
            match ground.table.begin_erasing(&request.account, request.id, &book).await {
                Ok(()) => {
                    Self::still_wanted(ground, request).await?;
                    return Self::kept(folder, book.version).await;
                }
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(TaskError::new(
            names::UNAVAILABLE,
            "Legal holds of the account were changed all the time, so nothing was erased.",
        ))
    }

    /// A task may come so late that the request has failed meanwhile, and nobody
    /// would end what it has begun.
    async fn still_wanted(ground: &Ground, request: &Request) -> Result<(), TaskError> {
        if !ground.request(&request.account, request.id).await?.status.has_ended() {
            return Ok(());
        }
        ground.table.end_erasing(&request.account, request.id).await?;
        Err(TaskError::new(names::INCOMPLETE, "The request had ended before this was to be erased."))
    }

    /// Those that a deletion has begun with.
    pub async fn begun(ground: &Ground, folder: &Folder, request: &Request) -> Result<Self, TaskError> {
        let book = ground.table.hold_book(&request.account).await?;
        match book.erasing.get(&request.id) {
            Some(version) => Self::kept(folder, *version).await,
            // Nothing was to be erased, or it is over: what was kept is what counted.
            None => Ok(Self::default()),
        }
    }

    async fn kept(folder: &Folder, version: u64) -> Result<Self, TaskError> {
        let json = folder.object(&folder.keys.holds(version)).await?;
        let holds: Vec<Hold> = serde_json::from_slice(&json).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The result of an earlier step is not readable.").because(error)
        })?;
        Ok(Self { book: HoldBook { version, holds, ..HoldBook::default() } })
    }

    #[must_use]
    pub fn are_none(&self) -> bool {
        self.book.holds.is_empty()
    }

    /// Whether everything of a person stays.
    #[must_use]
    pub fn cover(&self, person: &EmailAddress) -> bool {
        self.book.covers_person(person).is_some()
    }

    /// Records that stay, whosever they are.
    #[must_use]
    pub fn on_records(&self) -> Vec<OnHold<'_>> {
        let filters = self.book.record_filters();
        filters.map(|(_, source, field, value)| OnHold { source, field, value }).collect()
    }

    /// The holds that something of a person's in a source can have stayed for: by
    /// the person, by records of its own, or by those that lead to it.
    pub fn behind<'a>(
        &'a self,
        map: &'a DataMap,
        person: &EmailAddress,
        source: &'a Source,
    ) -> impl Iterator<Item = HoldId> + 'a {
        let of_person = self.book.covers_person(person);
        let parent = source.parent().and_then(|name| map.source(name));
        let of_records = self.book.record_filters().filter(move |(_, of, ..)| {
            map.is_same_place(of, source) || parent.is_some_and(|parent| map.is_same_place(of, parent))
        });
        of_person.into_iter().chain(of_records.map(|(id, ..)| id))
    }
}

impl HeldTarget {
    /// What a deletion could not erase, as its follow-up finds it listed.
    pub async fn of(
        ground: &Ground,
        account: &AccountId,
        request: habeas_domain::RequestId,
    ) -> Result<Vec<Self>, TaskError> {
        let mut held = Vec::new();
        for piece in ground.table.held_targets(account, request).await? {
            let targets: Vec<Self> = serde_json::from_str(&piece).map_err(|error| {
                TaskError::new(names::INCOMPLETE, "What was held is not readable.").because(error)
            })?;
            held.extend(targets);
        }
        Ok(held)
    }

    /// Pieces that fit into a row each.
    pub fn pieces(held: &[Self]) -> Result<Vec<Vec<Value>>, TaskError> {
        let (mut pieces, mut bytes) = (vec![Vec::new()], 0);
        for target in held {
            let value = serde_json::to_value(target).map_err(unwritable)?;
            let size = value.to_string().len() + 1;
            if bytes + size > CHUNK_BYTES_MAX && bytes > 0 {
                pieces.push(Vec::new());
                bytes = 0;
            }
            bytes += size;
            if let Some(last) = pieces.last_mut() {
                last.push(value);
            }
        }
        Ok(pieces)
    }
}

fn unwritable(error: serde_json::Error) -> TaskError {
    TaskError::new(names::INCOMPLETE, "A result cannot be written.").because(error)
}

#[cfg(test)]
mod tests {
    use habeas_domain::Digest;
    use habeas_sources::Target;

    use super::*;

    #[test]
    fn pieces_hold_everything_in_order_and_fit_into_a_row_each() {
        let file = |number: usize| HeldTarget {
            subject: 0,
            source: "files".into(),
            listed: Listed {
                task: 0,
                target: Target::File { key: format!("{number:01000}"), lead: None },
                digest: Digest::default(),
            },
        };
        let held: Vec<_> = (0..1_000).map(file).collect();
        let pieces = HeldTarget::pieces(&held).unwrap();
        assert!(pieces.len() > 1);
        assert!(
            pieces.iter().all(|piece| serde_json::to_string(piece).unwrap().len() <= CHUNK_BYTES_MAX + 1)
        );
        let back: Vec<HeldTarget> =
            pieces.into_iter().flatten().map(|value| serde_json::from_value(value).unwrap()).collect();
        assert_eq!(back, held);
    }
}
