use std::collections::BTreeSet;
use std::path::Path;

use habeas_local::{Snapshot, USERS};
use serde_json::Value;

use crate::Outcome;
use crate::ui::Ui;

/// The fields by which a row of the sample application is a person's own.
const OWNER_FIELDS: [&str; 5] = ["host_email", "email", "speaker_email", "sender_email", "owner_email"];

/// Tables of what people meet in, of who attended, and the field that both have.
const SESSIONS: [(&str, &str, &str); 2] = [
    ("meetings-app-meetings", "meetings-app-meeting_participants", "meeting_id"),
    ("meetings-app-webinars", "meetings-app-webinar_attendees", "webinar_id"),
];

/// Shows that a deleted person is gone from every source, and that nothing else changed.
pub(super) fn check(before: &Snapshot, after: &Snapshot, person: &str, dir: &Path, ui: &Ui) -> Outcome {
    let user = before.user_of(person);
    let uploads = |key: &&String| {
        let mut parts = key.split('/');
        parts.next() == Some("backgrounds") && user.as_deref().is_some_and(|user| parts.nth(1) == Some(user))
    };
    let mut files: BTreeSet<String> = before.files.keys().filter(uploads).cloned().collect();
    let (mut removed, mut masked, mut untouched) = (0, 0, 0);
    for (table, rows) in &before.tables {
        let shared = shared(before, table, person)?;
        let (mut removed_here, mut masked_here) = (0, 0);
        for (key, row) in rows {
            let was: Value = serde_json::from_str(row)?;
            let is_named = OWNER_FIELDS.iter().any(|field| was[field] == person);
            let is_numbered = user.as_deref().is_some_and(|user| was["user_id"] == user);
            // The entry among the users stays, and must be what it was.
            let theirs = (is_named || is_numbered) && table != USERS;
            let now = after.tables.get(table).and_then(|rows| rows.get(key));
            let is_shared =
                shared.as_ref().map(|(field, ids)| was[*field].as_str().is_some_and(|id| ids.contains(id)));
            if theirs && is_shared.is_some_and(|is_shared| is_shared != now.is_some()) {
                return Err(format!("{table} {key}: what others attended stays, and nothing else").into());
            }
            match now {
                None if theirs => {
                    removed_here += 1;
                    files.extend(was["s3_key"].as_str().map(ToOwned::to_owned));
                }
                Some(now) if theirs => {
                    is_masked(&was, &serde_json::from_str(now)?, person)
                        .map_err(|problem| format!("{table} {key}: {problem}"))?;
                    masked_here += 1;
                }
                Some(now) if now == row => untouched += 1,
                _ => return Err(format!("{table} {key} is somebody else's, and changed").into()),
            }
        }
        if removed_here + masked_here > 0 {
            ui.say(&format!("  {table:<36} {removed_here} deleted, {masked_here} masked"));
        }
        (removed, masked) = (removed + removed_here, masked + masked_here);
    }
    let kept: BTreeSet<_> = before.files.keys().filter(|key| !is_version_of(key, &files)).collect();
    if kept != after.files.keys().collect() || kept.iter().any(|key| before.files[*key] != after.files[*key])
    {
        return Err("the bucket is not what it was less the deleted person's files".into());
    }
    everywhere(after, person)?;
    let expected = habeas_sample_data::expected(dir, person, None)?;
    let expected: usize = expected.values().flat_map(|of_type| of_type.values()).map(BTreeSet::len).sum();
    if removed + masked == 0 {
        return Err(format!("{person} had {expected} records, and none was deleted").into());
    }
    ui.say(&format!(
        "  {person} is gone: {removed} rows deleted, {masked} masked, {} files deleted.",
        files.len()
    ));
    ui.say(&format!(
        "  All {untouched} other rows and {} files are byte for byte what they were.",
        kept.len()
    ));
    Ok(())
}

/// Of a table of sessions: the field of their ids, and which of them others attended.
fn shared(before: &Snapshot, table: &str, person: &str) -> Outcome<Option<(&'static str, BTreeSet<String>)>> {
    let Some((_, attended, field)) = SESSIONS.iter().find(|(sessions, _, _)| *sessions == table) else {
        return Ok(None);
    };
    let mut ids = BTreeSet::new();
    for row in before.tables.get(*attended).into_iter().flat_map(|rows| rows.values()) {
        let row: Value = serde_json::from_str(row)?;
        if row["email"] != person {
            ids.extend(row[*field].as_str().map(ToOwned::to_owned));
        }
    }
    Ok(Some((*field, ids)))
}

/// A masked row is what it was, less the fields that named the person.
fn is_masked(was: &Value, now: &Value, person: &str) -> Result<(), String> {
    let mut expected = was.clone();
    if let Some(fields) = expected.as_object_mut() {
        fields.retain(|name, value| !(OWNER_FIELDS.contains(&name.as_str()) && value == person));
    }
    if *now == expected { Ok(()) } else { Err("is neither deleted nor merely masked".to_owned()) }
}

/// The key of an object, or of an older version of it.
fn is_version_of(key: &str, files: &BTreeSet<String>) -> bool {
    files.contains(key) || key.rsplit_once('@').is_some_and(|(key, _)| files.contains(key))
}

/// The address stands nowhere any more, in whatever field, but among the users.
fn everywhere(after: &Snapshot, person: &str) -> Outcome {
    for (table, rows) in after.tables.iter().filter(|(table, _)| *table != USERS) {
        if let Some((key, _)) = rows.iter().find(|(_, row)| row.contains(person)) {
            return Err(format!("{table} {key} still contains the address").into());
        }
    }
    Ok(())
}
