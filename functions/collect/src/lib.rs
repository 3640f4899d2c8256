//! Reads a unit's sources: into fragments of the archive for an export, into an
//! inventory for a deletion.
//!
//! An invocation does one step: it goes on from a cursor until there is enough
//! for one object, or its time is nearly over. A step that runs twice writes
//! the same keys; what makes it count is its index, written last.

mod export;
mod inventory;

use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_domain::Kind;
use habeas_lambda::TaskError;
use habeas_work::{Folder, Ground, UnitInput, UnitOutput};
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
    /// How many archive members the task's collection has so far.
    members: u32,
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
    let after = match request.kind {
        Kind::Export => export::step(place, &request, &unit, cursor, deadline).await?,
        Kind::Delete => inventory::step(place, &request, &unit, cursor, deadline).await?,
    };
    Ok(UnitOutput { done: after.task >= unit.tasks.len(), cursor: Done { step: after.step } })
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
