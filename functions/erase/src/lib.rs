//! Erases what a unit's inventory lists, and nothing else.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_domain::Tally;
use habeas_lambda::{TaskError, names};
use habeas_sources::{Erased, Erasing, Pseudonyms, Target};
use habeas_work::{
    Failure, Folder, Ground, Holds, Inventory, Listed, Outcome, Outcomes, People, Step, Unit, UnitInput,
    UnitOutput, source_error, still_as_previewed,
};
use serde::{Deserialize, Serialize};

/// After this many targets the clock is looked at.
const BATCH_TARGETS: usize = 256;

/// A step ends when it has so many outcomes to write down: some 1 MB.
const STEP_TARGETS_MAX: usize = 20_000;

/// How far the unit's inventory has been worked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    pass: Pass,
    /// How many of the inventory's objects are done in this pass.
    inventories: usize,
    /// How many targets of the next one are done.
    targets: usize,
    /// How many steps are done.
    step: u32,
}

/// Files go first. They are found through records, so that with the records gone
/// nobody could find them again, should something fail in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pass {
    #[default]
    Files,
    Records,
}

/// What the state machine sees of a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// How many steps are done.
    pub step: u32,
}

/// Erases what the inventory lists, as far as the time goes, and writes down what
/// became of it. Safe to repeat: only what still is the person's is touched.
pub async fn erase(
    ground: &Ground,
    input: UnitInput<Done>,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Result<UnitOutput<Done>, TaskError> {
    let request = ground.request_at_work(&input.account, input.request, now).await?;
    let folder = ground.folder(&request)?;
    // An inventory with gaps is none: nothing of the request is erased then.
    Failure::all_of(&folder.failures().await?)?;
    let unit = folder.unit(&input.unit).await?;
    let people = People::of(ground, &folder, &request).await?;
    let inventories = folder.inventories_of(&unit.unit).await?;
    if input.cursor.is_none() && request.preview.is_some() {
        still_as_previewed(&request, &listed(&folder).await?)?;
    }
    let holds = Holds::begin(ground, &folder, &request).await?;
    let terms = Terms { people: &people, pseudonyms: pseudonyms(ground, &folder, &unit).await?, holds };
    let cursor = match input.cursor {
        None => Cursor::default(),
        Some(Done { step }) => folder.kept_cursor(&folder.keys.outcome(&unit.unit, step)).await?,
    };
    let step = cursor.step + 1;
    let (mut cursor, mut outcomes) = (Cursor { step, ..cursor }, Vec::new());
    while let Some(rest) = rest(&inventories, &mut cursor) {
        // Something is always done, so that a unit comes to its end however late it is.
        let is_full = outcomes.len() >= STEP_TARGETS_MAX || Instant::now() >= deadline;
        if is_full && !outcomes.is_empty() {
            break;
        }
        // Siblings of a unit that failed may be at work for long: holds come in time again.
        if !ground.table.may_erase(&request.account, request.id).await? {
            return Err(TaskError::new(
                names::INCOMPLETE,
                "The request has ended, so nothing more is erased.",
            ));
        }
        let batch = &rest[..rest.len().min(BATCH_TARGETS)];
        let of_pass = batch.iter().enumerate().filter(|(_, listed)| cursor.pass.takes(&listed.target));
        let of_pass: Vec<_> = of_pass.collect();
        let became = erase_batch(ground, &terms, &unit, &of_pass).await?;
        let inventory = inventories[cursor.inventories].step;
        outcomes.extend(became.into_iter().map(|(place, became)| Outcome {
            inventory,
            target: cursor.targets + place,
            became,
        }));
        cursor.targets += batch.len();
    }
    let after = keep(&folder, &unit, cursor, outcomes).await?;
    let done = rest(&inventories, &mut after.clone()).is_none();
    Ok(UnitOutput { done, cursor: Done { step: after.step } })
}

/// How much the inventories of the whole request list in each source. All units
/// come to the same, so that either all of them erase or none.
async fn listed(folder: &Folder) -> Result<Tally, TaskError> {
    let mut listed = Tally::new();
    for unit in folder.units().await? {
        for (_, target) in folder.listed_of(&unit.unit).await? {
            let task = unit.tasks.get(target.task).ok_or_else(misfit)?;
            *listed.entry(task.source.clone()).or_default() += 1;
        }
    }
    Ok(listed)
}

fn misfit() -> TaskError {
    TaskError::new(names::INCOMPLETE, "The inventory does not fit the plan.")
}

/// Writes down what became of the step's targets, and how far it came.
async fn keep(
    folder: &Folder,
    unit: &Unit,
    cursor: Cursor,
    outcomes: Vec<Outcome>,
) -> Result<Cursor, TaskError> {
    let key = folder.keys.outcome(&unit.unit, cursor.step);
    let result = Outcomes { unit: unit.unit.clone(), step: cursor.step, outcomes };
    folder.keep_first(&key, Step { cursor, result }).await
}

/// What all of a unit's erasing goes by.
struct Terms<'a> {
    people: &'a People<'a>,
    pseudonyms: Option<Pseudonyms>,
    holds: Holds,
}

/// The request's pseudonyms, where anything of the unit's is masked by them.
async fn pseudonyms(ground: &Ground, folder: &Folder, unit: &Unit) -> Result<Option<Pseudonyms>, TaskError> {
    for task in &unit.tasks {
        if ground.source(&task.source)?.erase.pseudonymises() {
            return Ok(Some(folder.pseudonyms().await?));
        }
    }
    Ok(None)
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
                *cursor = Cursor { pass: Pass::Records, inventories: 0, targets: 0, ..*cursor }
            }
            None => return None,
        }
    }
}

/// Erases targets, those of a task together, and says what became of each.
async fn erase_batch(
    ground: &Ground,
    terms: &Terms<'_>,
    unit: &Unit,
    batch: &[(usize, &Listed)],
) -> Result<Vec<(usize, Erased)>, TaskError> {
    let mut by_task: BTreeMap<usize, Vec<(usize, &Target)>> = BTreeMap::new();
    for (place, listed) in batch {
        by_task.entry(listed.task).or_default().push((*place, &listed.target));
    }
    let mut became = Vec::with_capacity(batch.len());
    for (task, listed) in by_task {
        let task = unit.tasks.get(task).ok_or_else(misfit)?;
        let source = ground.source(&task.source)?;
        let subject = terms.people.subject(task)?;
        let (places, targets): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
        let is_held = terms.holds.cover(&subject.email) && source.erase.reason().is_none();
        let outcomes = if is_held {
            vec![Erased::Held; targets.len()]
        } else {
            let with = Erasing {
                stores: &ground.stores,
                map: &ground.map,
                subject: &subject,
                pseudonyms: terms.pseudonyms.as_ref(),
                on_hold: &terms.holds.on_records(),
            };
            habeas_sources::erase(&with, source, &targets).await.map_err(source_error)?
        };
        became.extend(places.into_iter().zip(outcomes));
    }
    Ok(became)
}

#[cfg(test)]
mod tests {
    use habeas_domain::Digest;
    use habeas_sources::Key;
    use habeas_testkit::{events, request};

    use super::*;

    fn read(event: &str) -> UnitInput<Done> {
        serde_json::from_str(event).unwrap()
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("erase") {
            let read = serde_json::from_str::<UnitInput<Done>>(&event.text);
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
        let record = || Target::Record { key: Key::new(), files: BTreeMap::new(), shared: false };
        let file = |key: &str| Target::File { key: key.into(), lead: None };
        let inventory = |step, targets: Vec<Target>| Inventory {
            unit: "0001".into(),
            step,
            last: step == 3,
            targets: targets
                .into_iter()
                .map(|target| Listed { task: 0, target, digest: Digest::default() })
                .collect(),
        };
        let inventories = [
            inventory(1, vec![record(), file("a")]),
            inventory(2, vec![]),
            inventory(3, vec![file("b"), record()]),
        ];
        let (mut cursor, mut order) = (Cursor { step: 7, ..Cursor::default() }, Vec::new());
        while let Some(rest) = rest(&inventories, &mut cursor) {
            order.extend(rest.iter().map(|listed| &listed.target).filter(|target| cursor.pass.takes(target)));
            cursor.targets += rest.len();
        }
        assert_eq!(order, [&file("a"), &file("b"), &record(), &record()]);
        assert_eq!(cursor.step, 7, "a step stays the one it is");
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
