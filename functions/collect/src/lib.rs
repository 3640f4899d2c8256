//! Reads a unit's sources: into fragments of the archive for an export, into an
//! inventory for a deletion.
//!
//! An invocation does one step: it goes on from a cursor until its time is nearly
//! over, or there is enough to write down. What makes a step count is its result,
//! written last and once, with the cursor behind it. One that dies before is done
//! again, and what it has left is overwritten or tidied away.

mod export;
mod inventory;

use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_aws::Macs;
use habeas_domain::Kind;
use habeas_lambda::{TaskError, names};
use habeas_work::{Failure, Folder, Ground, Unit, UnitInput, UnitOutput, digests};
use serde::{Deserialize, Serialize};

/// Where in a unit the next step goes on. It holds keys of records, and keys may
/// hold addresses: it stays in the work bucket, with the step's result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// Which of the unit's tasks.
    task: usize,
    /// Where in the task's source.
    at: habeas_sources::Cursor,
    /// How many steps are done.
    step: u32,
    /// How many segments of an archive the unit has so far.
    segments: u32,
    /// How many archive members the task's collection has so far.
    members: u32,
}

impl Cursor {
    /// Where the next task begins.
    fn behind_task(self) -> Self {
        Self { task: self.task + 1, at: habeas_sources::Cursor::default(), members: 0, ..self }
    }
}

/// Where a step works, and where it leaves its result.
#[derive(Debug, Clone, Copy)]
struct Workplace<'a> {
    ground: &'a Ground,
    folder: &'a Folder,
    key: &'a str,
}

/// What the state machine sees of a cursor, and keeps in its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// How many steps are done.
    pub step: u32,
}

/// Does one step of a unit.
pub async fn collect(
    ground: &Ground,
    macs: &Macs,
    input: UnitInput<Done>,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Result<UnitOutput<Done>, TaskError> {
    let request = ground.request_at_work(&input.account, input.request, now).await?;
    let folder = ground.folder(&request)?;
    let unit = folder.unit(&input.unit).await?;
    let key = |step| match request.kind {
        Kind::Export => folder.keys.index(&unit.unit, step),
        Kind::Delete => folder.keys.inventory(&unit.unit, step),
    };
    let cursor: Cursor = match input.cursor {
        None => Cursor::default(),
        Some(Done { step }) => folder.kept_cursor(&key(step)).await?,
    };
    let key = key(cursor.step + 1);
    let place = Workplace { ground, folder: &folder, key: &key };
    if let Some(reason) = input.failed {
        let after = pass_over(place, &unit, cursor, reason).await?;
        let after = match request.kind {
            Kind::Export => export::skip(place, after).await?,
            Kind::Delete => inventory::skip(place, &unit, after).await?,
        };
        return Ok(output(&unit, &after));
    }
    let after = match request.kind {
        Kind::Export => export::step(place, &request, &unit, cursor, input.again, deadline).await?,
        Kind::Delete => match request.follows {
            Some(original) => inventory::step_of_held(place, &request, original, &unit, cursor).await?,
            None => {
                let digests = digests(macs, &request).await?;
                inventory::step(place, &digests, &request, &unit, cursor, deadline).await?
            }
        },
    };
    Ok(output(&unit, &after))
}

fn output(unit: &Unit, after: &Cursor) -> UnitOutput<Done> {
    UnitOutput { done: after.task >= unit.tasks.len(), cursor: Done { step: after.step } }
}

/// Writes down why a source could not be read, and goes on behind it: the others
/// are read all the same, and the request fails when they have been.
async fn pass_over(
    place: Workplace<'_>,
    unit: &Unit,
    cursor: Cursor,
    reason: String,
) -> Result<Cursor, TaskError> {
    let task = unit.tasks.get(cursor.task);
    let task = task.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The unit is done already."))?;
    let step = cursor.step + 1;
    let source = task.source.clone();
    let unsaid = || format!("The data source `{source}` could not be read, and trying again did not help.");
    let reason = if reason.is_empty() { unsaid() } else { reason };
    let failure = Failure { subject: task.subject, source: source.clone(), reason };
    let json = serde_json::to_vec(&failure)
        .map_err(|error| TaskError::new(names::INCOMPLETE, "A result cannot be written.").because(error))?;
    let key = place.folder.keys.failure(&unit.unit, step);
    place.folder.bucket.put(&key, json, "application/json").await?;
    Ok(Cursor { step, ..cursor.behind_task() })
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    fn read(event: &str) -> UnitInput<Done> {
        serde_json::from_str(event).unwrap()
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("collect") {
            let read = serde_json::from_str::<UnitInput<Done>>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn the_first_step_has_a_unit_and_no_cursor() {
        let input = read(include_str!("../../../events/collect/first-step.json"));
        assert_eq!((&input.account, input.request), (&request().account, request().id));
        assert_eq!((input.unit.as_str(), input.cursor), ("0001", None));
    }

    #[test]
    fn the_next_step_goes_on_from_the_cursor_that_was_returned() {
        let event = include_str!("../../../events/collect/next-step.json");
        let cursor = read(event).cursor.unwrap();
        let returned = serde_json::to_value(UnitOutput { done: false, cursor }).unwrap();
        let given: serde_json::Value = serde_json::from_str(event).unwrap();
        assert_eq!((&returned["cursor"], &returned["done"]), (&given["cursor"], &given["done"]));
    }
}
