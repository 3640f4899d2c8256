//! Reads the sources again after a deletion: what still is there makes the
//! request fail, with counts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use habeas_domain::{Counts, Request};
use habeas_lambda::{TaskError, names};
use habeas_sources::{Cursor, Erase, Found, Source, Target, Walk, is_left};
use habeas_work::{Ground, Inventory, People, RequestInput, Unit, UnitTask, source_error};
use serde::Serialize;
use serde_json::{Value, json};

/// How many files are looked at at a time.
const AT_A_TIME: usize = 16;

/// What the state machine writes into the request's row, in DynamoDB's typed
/// JSON: a deletion has no archive.
#[derive(Debug, Serialize)]
pub struct Verified {
    archive: Value,
}

/// Reads every source of the request again, and every file of the inventory.
pub async fn verify(
    ground: &Ground,
    input: &RequestInput,
    now: DateTime<Utc>,
) -> Result<Verified, TaskError> {
    let request = ground.request_at_work(&input.account, input.request, now).await?;
    let folder = ground.folder(&request)?;
    let units = folder.units().await?;
    let people = People::of(ground, &folder, &request).await?;
    let inventories = folder.inventories(&folder.keys.inventories()).await?;
    let mut left: BTreeMap<&str, u64> = BTreeMap::new();
    for task in units.iter().flat_map(|unit| &unit.tasks) {
        let source = ground.source(&task.source)?;
        *left.entry(&source.name).or_default() += still_found(ground, &people, source, task).await?;
    }
    let mut files = stream::iter(files(&units, &inventories)?)
        .map(|(task, target)| is_file_left(ground, &people, task, target))
        .buffer_unordered(AT_A_TIME);
    while let Some(found) = files.next().await {
        if let Some(source) = found? {
            *left.entry(source).or_default() += 1;
        }
    }
    left.retain(|_, count| *count > 0);
    if !left.is_empty() {
        let what: Vec<_> = left.iter().map(|(source, count)| format!("{count} in `{source}`")).collect();
        let message = format!("After the deletion, records were still there: {}.", what.join(", "));
        return Err(TaskError::new(names::STILL_THERE, message));
    }
    ground.table.set_counts(&request, &erased(ground, &request, &people, &units, &inventories)?).await?;
    Ok(Verified { archive: json!({ "NULL": true }) })
}

/// How much of a person's own a source still gives, where it should give nothing.
/// Files that records led to are looked for by the inventory: the records are gone.
async fn still_found(
    ground: &Ground,
    people: &People<'_>,
    source: &Source,
    task: &UnitTask,
) -> Result<u64, TaskError> {
    if matches!(source.erase, Erase::Retain { .. }) {
        return Ok(0);
    }
    let subject = people.subject(task)?;
    let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
    let walk = walk.through_part(task.part.unwrap_or_default()).with_old_versions();
    let is_own =
        |found: &&Found| matches!(found, Found::Record { own: true, .. } | Found::File { lead: None, .. });
    let (mut left, mut next) = (0, Some(Cursor::default()));
    while let Some(at) = next {
        let page = walk.page(&at).await.map_err(source_error)?;
        left += page.found.iter().filter(is_own).count() as u64;
        next = page.next;
    }
    Ok(left)
}

/// The name of the source, where a file is still there and the person's.
async fn is_file_left<'a>(
    ground: &'a Ground,
    people: &People<'_>,
    task: &UnitTask,
    target: &Target,
) -> Result<Option<&'a str>, TaskError> {
    let source = ground.source(&task.source)?;
    let subject = people.subject(task)?;
    let left = is_left(&ground.stores, &ground.map, source, &subject, target).await.map_err(source_error)?;
    Ok(left.then_some(&source.name))
}

/// The files of the inventories that records led to. These are gone, so that only the
/// inventories still know of them.
fn files<'a>(
    units: &'a [Unit],
    inventories: &'a [Inventory],
) -> Result<Vec<(&'a UnitTask, &'a Target)>, TaskError> {
    let mut files = Vec::new();
    for inventory in inventories {
        for listed in &inventory.targets {
            if matches!(listed.target, Target::File { lead: Some(_), .. }) {
                files.push((task(units, inventory, listed.task)?, &listed.target));
            }
        }
    }
    Ok(files)
}

fn erased(
    ground: &Ground,
    request: &Request,
    people: &People<'_>,
    units: &[Unit],
    inventories: &[Inventory],
) -> Result<Counts, TaskError> {
    let types: BTreeMap<_, _> = request.data_types.iter().map(|t| (t.to_string(), 0)).collect();
    let mut counts: Counts =
        request.subjects.iter().map(|subject| (subject.as_str().to_owned(), types.clone())).collect();
    // An object whose versions two steps have listed is one thing.
    let mut before = None;
    for inventory in inventories {
        for listed in &inventory.targets {
            if before.replace((&inventory.unit, listed)) == Some((&inventory.unit, listed)) {
                continue;
            }
            let task = task(units, inventory, listed.task)?;
            let source = ground.source(&task.source)?;
            if !matches!(source.erase, Erase::Retain { .. }) {
                let of = counts.entry(people.subject(task)?.email.into()).or_default();
                *of.entry(source.data_type.to_string()).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

fn task<'a>(units: &'a [Unit], inventory: &Inventory, task: usize) -> Result<&'a UnitTask, TaskError> {
    let unit = units.iter().find(|unit| unit.unit == inventory.unit);
    unit.and_then(|unit| unit.tasks.get(task))
        .ok_or_else(|| TaskError::new(names::INCOMPLETE, "The inventory does not fit the plan."))
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("verify") {
            let read = serde_json::from_str::<RequestInput>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_request() {
        let event = include_str!("../../../events/verify/request.json");
        let input: RequestInput = serde_json::from_str(event).unwrap();
        assert_eq!((&input.account, input.request), (&request().account, request().id));
    }
}
