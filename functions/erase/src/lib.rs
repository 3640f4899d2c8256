//! Erases what a unit's inventory lists, and nothing else.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_lambda::{TaskError, names};
use habeas_sources::Target;
use habeas_work::{Failure, Ground, Inventory, Listed, People, Unit, UnitInput, UnitOutput, source_error};
use serde::{Deserialize, Serialize};

/// After this many targets the clock is looked at.
const BATCH_TARGETS: usize = 256;

/// How far the unit's inventory has been worked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    pub pass: Pass,
    /// How many of the inventory's objects are done in this pass.
    pub inventories: usize,
    /// How many targets of the next one are done.
    pub targets: usize,
}

/// Files go first. They are found through records, so that with the records gone
/// nobody could find them again, should something fail in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    #[default]
    Files,
    Records,
}

/// Erases what the inventory lists, as far as the time goes. Safe to repeat:
/// only what still is the person's is touched.
pub async fn erase(
    ground: &Ground,
    input: UnitInput<Cursor>,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Result<UnitOutput<Cursor>, TaskError> {
    let request = ground.request_at_work(&input.account, input.request, now).await?;
    let folder = ground.folder(&request)?;
    // An inventory with gaps is none: nothing of the request is erased then.
    Failure::all_of(&folder.failures().await?)?;
    let unit = folder.unit(&input.unit).await?;
    let people = People::of(ground, &folder, &request).await?;
    let prefix = format!("{}{}-", folder.keys.inventories(), unit.unit);
    let inventories = folder.inventories(&prefix).await?;
    if !inventories.last().is_some_and(|inventory| inventory.last) {
        return Err(TaskError::new(
            names::INCOMPLETE,
            "The inventory of what is to be deleted is incomplete.",
        ));
    }
    let mut cursor = input.cursor.unwrap_or_default();
    let mut worked = false;
    while let Some(rest) = rest(&inventories, &mut cursor) {
        // Something is always done, so that a unit comes to its end however late it is.
        if worked && Instant::now() >= deadline {
            return Ok(UnitOutput { done: false, cursor });
        }
        let batch = &rest[..rest.len().min(BATCH_TARGETS)];
        let of_pass: Vec<_> = batch.iter().filter(|listed| cursor.pass.takes(&listed.target)).collect();
        erase_batch(ground, &people, &unit, &of_pass).await?;
        cursor.targets += batch.len();
        worked = true;
    }
    Ok(UnitOutput { done: true, cursor })
}

impl Pass {
    fn takes(self, target: &Target) -> bool {
        match target {
            Target::File { .. } => self == Self::Files,
            Target::Record { .. } => self == Self::Records,
        }
    }
}

/// The targets that the cursor stands before, moved on to where there are some.
fn rest<'a>(inventories: &'a [Inventory], cursor: &mut Cursor) -> Option<&'a [Listed]> {
    loop {
        match inventories.get(cursor.inventories) {
            Some(inventory) => match inventory.targets.get(cursor.targets..) {
                Some(rest) if !rest.is_empty() => return Some(rest),
                _ => *cursor = Cursor { inventories: cursor.inventories + 1, targets: 0, ..*cursor },
            },
            None if cursor.pass == Pass::Files => {
                *cursor = Cursor { pass: Pass::Records, ..Cursor::default() }
            }
            None => return None,
        }
    }
}

/// Erases targets, those of a task together.
async fn erase_batch(
    ground: &Ground,
    people: &People<'_>,
    unit: &Unit,
    batch: &[&Listed],
) -> Result<(), TaskError> {
    let mut by_task: BTreeMap<usize, Vec<&Target>> = BTreeMap::new();
    for listed in batch {
        by_task.entry(listed.task).or_default().push(&listed.target);
    }
    for (task, targets) in by_task {
        let task = unit.tasks.get(task);
        let task =
            task.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The inventory does not fit the plan."))?;
        let source = ground.source(&task.source)?;
        let subject = people.subject(task)?;
        habeas_sources::erase(&ground.stores, &ground.map, source, &subject, &targets)
            .await
            .map_err(source_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use habeas_sources::Key;
    use habeas_testkit::{events, request};

    use super::*;

    fn read(event: &str) -> UnitInput<Cursor> {
        serde_json::from_str(event).unwrap()
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("erase") {
            let read = serde_json::from_str::<UnitInput<Cursor>>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn the_first_step_has_a_unit_and_no_cursor() {
        let input = read(include_str!("../../../events/erase/first-step.json"));
        assert_eq!((&input.account, input.request), (&request().account, request().id));
        assert_eq!((input.unit.as_str(), input.cursor), ("0001", None));
    }

    #[test]
    fn all_files_go_before_any_record() {
        let record = || Target::Record { key: Key::new(), files: BTreeMap::new() };
        let file = |key: &str| Target::File { key: key.into(), lead: None };
        let inventory = |step, targets: Vec<Target>| Inventory {
            unit: "0001".into(),
            step,
            last: step == 3,
            targets: targets.into_iter().map(|target| Listed { task: 0, target }).collect(),
        };
        let inventories = [
            inventory(1, vec![record(), file("a")]),
            inventory(2, vec![]),
            inventory(3, vec![file("b"), record()]),
        ];
        let (mut cursor, mut order) = (Cursor::default(), Vec::new());
        while let Some(rest) = rest(&inventories, &mut cursor) {
            order.extend(rest.iter().map(|listed| &listed.target).filter(|target| cursor.pass.takes(target)));
            cursor.targets += rest.len();
        }
        assert_eq!(order, [&file("a"), &file("b"), &record(), &record()]);
    }

    #[test]
    fn the_next_step_goes_on_from_the_cursor_that_was_returned() {
        let event = include_str!("../../../events/erase/next-step.json");
        let cursor = read(event).cursor.unwrap();
        let returned = serde_json::to_value(UnitOutput { done: false, cursor }).unwrap();
        let given: serde_json::Value = serde_json::from_str(event).unwrap();
        assert_eq!((&returned["cursor"], &returned["done"]), (&given["cursor"], &given["done"]));
    }
}
