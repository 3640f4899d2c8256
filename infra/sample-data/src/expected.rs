use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::ExpectedError;
use crate::collection::{COLLECTIONS, Collection, Through};
use crate::records::each;

/// Data type to collection to the ids of its records.
pub type Expected = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What an export of a person must contain, counted from a folder's files alone.
///
/// Meetings and webinars the person hosted, everybody's attendance of those and
/// the person's own anywhere, what the person said, the messages they sent and
/// the whiteboards they own, who they are among the users, and, by their user's
/// id, what they answered in surveys and the backgrounds they uploaded.
///
/// The range is of days (UTC), such as `("2026-02-01", "2026-02-28")`, both
/// included, and is held against the time of each record itself: who joined a
/// meeting after midnight is of the next day. The user is of every day. A
/// background is of the day when the folder was loaded, which no range of the
/// data's own months includes. Every collection is there, if need be with
/// nothing in it.
///
/// # Errors
///
/// When a file cannot be read, or holds something that is not a record of its kind.
pub fn expected(dir: &Path, address: &str, range: Option<(&str, &str)>) -> Result<Expected, ExpectedError> {
    let address = address.trim().to_lowercase();
    let user = user_of(dir, &address)?;
    let mut found = Expected::new();
    for collection in &COLLECTIONS {
        let hosted = match &collection.through {
            Some(through) => hosted(dir, through, &address)?,
            None => BTreeSet::new(),
        };
        let mut ids = BTreeSet::new();
        each(dir, collection, |record| {
            let theirs = record.is_of(&collection.owner, &address, user.as_deref())?
                || match &collection.through {
                    Some(through) => hosted.contains(record.text(through.field)?),
                    None => false,
                };
            if theirs && record.is_within(&collection.time, range)? {
                ids.insert(record.id(collection)?);
            }
            Ok(())
        })?;
        let collections = found.entry(collection.data_type.to_owned()).or_default();
        collections.insert(collection.name.to_owned(), ids);
    }
    Ok(found)
}

/// The id by which some of the product's parts know the person.
fn user_of(dir: &Path, address: &str) -> Result<Option<String>, ExpectedError> {
    let mut user = None;
    let Some(users) = Collection::named("users") else {
        return Ok(user);
    };
    each(dir, users, |record| {
        if record.is_of(&users.owner, address, None)? {
            user = Some(record.text("user_id")?.to_owned());
        }
        Ok(())
    })?;
    Ok(user)
}

/// Every session the person hosted, whenever that was.
fn hosted(dir: &Path, through: &Through, address: &str) -> Result<BTreeSet<String>, ExpectedError> {
    let mut ids = BTreeSet::new();
    let Some(sessions) = Collection::named(through.collection) else {
        return Ok(ids);
    };
    each(dir, sessions, |record| {
        if record.is_of(&sessions.owner, address, None)? {
            ids.insert(record.id(sessions)?);
        }
        Ok(())
    })?;
    Ok(ids)
}
