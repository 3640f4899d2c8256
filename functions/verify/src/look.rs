use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use habeas_lambda::{TaskError, names};
use habeas_sources::{Address, Erase, Erased, Found, HeldValues, Key, Target, Walk, is_left};
use habeas_work::{Ground, Listed, Step, UnitTask, source_error};
use serde::{Deserialize, Serialize};

use crate::Deletion;

/// How many files are looked at at a time.
const AT_A_TIME: usize = 16;

/// After this many files the clock is looked at.
const FILES_MAX: usize = 256;

/// How often what still shows is looked at again, and after how many seconds:
/// an index of DynamoDB's lags behind its table, by less than a second as a rule.
const PAUSES_SECONDS: [u32; 3] = [1, 3, 9];

/// How far looking again has come. It may hold keys, so it stays in the work bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// How often what was left has been looked at again.
    round: usize,
    /// The tasks of this round, by their position in the plan. All in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    among: Option<Vec<usize>>,
    /// The task that is next, or the first one behind it that is of this round.
    task: usize,
    at: At,
    /// What this round has found, by task.
    left: BTreeMap<usize, u64>,
    /// How long to wait before going on.
    pause_seconds: u32,
    /// How many steps are done.
    step: u32,
}

/// Records are looked for as they were found. Files that records led to are looked
/// for by the inventory: the records are gone, and nothing else knows of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    Walk(habeas_sources::Cursor),
    /// How many of the unit's listed targets are done.
    Files(usize),
}

impl Default for At {
    fn default() -> Self {
        Self::Walk(habeas_sources::Cursor::default())
    }
}

/// A task of the plan, and its number within its unit.
struct Place<'a> {
    unit: &'a str,
    number: usize,
    task: &'a UnitTask,
}

/// Goes on behind a step until the round is over or the time is. Gives the steps
/// that are done now, and how long to wait for the next one: nothing where
/// everything has been looked at and nothing is left.
pub(crate) async fn step(
    ground: &Ground,
    deletion: &Deletion<'_>,
    done: u32,
    deadline: Instant,
) -> Result<(u32, Option<u32>), TaskError> {
    let folder = deletion.folder;
    let places: Vec<_> = places(deletion).collect();
    let mut cursor = match done {
        0 => Cursor::default(),
        step => folder.kept_cursor(&folder.keys.look(step)).await?,
    };
    (cursor.step, cursor.pause_seconds) = (cursor.step + 1, 0);
    let mut listed = UnitListing::default();
    let mut worked = false;
    while let Some(place) = cursor.next(&places) {
        // What may take longer than there is time for is left to the next step.
        let patience = ground.source(&place.task.source)?.pace.answer_within;
        if worked && Instant::now() + patience >= deadline {
            break;
        }
        worked = true;
        let (found, next) = match &cursor.at {
            At::Walk(at) => {
                // Only holds and follow-ups let anything that is found be as it should.
                if !deletion.holds.are_none() || deletion.request.follows.is_some() {
                    listed.read(deletion, place.unit).await?;
                }
                walk(ground, deletion, place, at, &listed).await?
            }
            At::Files(from) => {
                listed.read(deletion, place.unit).await?;
                files(ground, deletion, place, &listed, *from).await?
            }
        };
        if found > 0 {
            *cursor.left.entry(cursor.task).or_default() += found;
        }
        match next {
            Some(at) => cursor.at = at,
            None => (cursor.task, cursor.at) = (cursor.task + 1, At::default()),
        }
    }
    if cursor.next(&places).is_none() && !cursor.left.is_empty() {
        cursor = cursor.next_round(&places)?;
    }
    let key = folder.keys.look(cursor.step);
    let mut cursor: Cursor = folder.keep_first(&key, Step { cursor, result: () }).await?;
    let is_over = cursor.next(&places).is_none();
    Ok((cursor.step, (!is_over).then_some(cursor.pause_seconds)))
}

fn places<'a>(deletion: &Deletion<'a>) -> impl Iterator<Item = Place<'a>> {
    deletion.units.iter().flat_map(|unit| {
        let tasks = unit.tasks.iter().enumerate();
        tasks.map(|(number, task)| Place { unit: &unit.unit, number, task })
    })
}

impl Cursor {
    /// The task that it stands before, moved on to where there is one.
    fn next<'p>(&mut self, places: &'p [Place<'p>]) -> Option<&'p Place<'p>> {
        let is_among = |task: &usize| self.among.as_ref().is_none_or(|among| among.contains(task));
        self.task = (self.task..places.len()).find(is_among).unwrap_or(places.len());
        places.get(self.task)
    }

    /// Looks at what was left once more, as long as that may still help.
    fn next_round(self, places: &[Place<'_>]) -> Result<Self, TaskError> {
        let Some(pause_seconds) = PAUSES_SECONDS.get(self.round) else {
            return Err(still_there(&self.left, places));
        };
        Ok(Self {
            round: self.round + 1,
            among: Some(self.left.into_keys().collect()),
            pause_seconds: *pause_seconds,
            step: self.step,
            ..Self::default()
        })
    }
}

fn still_there(left: &BTreeMap<usize, u64>, places: &[Place<'_>]) -> TaskError {
    let mut by_source: BTreeMap<&str, u64> = BTreeMap::new();
    for (task, count) in left {
        let source = places.get(*task).map_or("?", |place| place.task.source.as_str());
        *by_source.entry(source).or_default() += count;
    }
    let what: Vec<_> = by_source.iter().map(|(source, count)| format!("{count} in `{source}`")).collect();
    let message = format!("After the deletion, records were still there: {}.", what.join(", "));
    TaskError::new(names::STILL_THERE, message)
}

/// A page of what a source still gives of a person's own, where it should give
/// nothing. Files follow behind the last one.
async fn walk(
    ground: &Ground,
    deletion: &Deletion<'_>,
    place: &Place<'_>,
    at: &habeas_sources::Cursor,
    listed: &UnitListing,
) -> Result<(u64, Option<At>), TaskError> {
    let source = ground.source(&place.task.source)?;
    if matches!(source.erase, Erase::Retain { .. }) {
        return Ok((0, None));
    }
    let subject = deletion.people.subject(place.task)?;
    let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
    let walk = walk.through_part(place.task.part.unwrap_or_default()).with_old_versions();
    let page = walk.page(at).await.map_err(source_error)?;
    let is_own =
        |found: &&Found| matches!(found, Found::Record { own: true, .. } | Found::File { lead: None, .. });
    let own = page.found.iter().filter(is_own);
    let held = HeldValues::of(&ground.map, source, &deletion.holds.on_records());
    let is_held = |found: &Found| {
        let by_itself = match found {
            Found::Record { item, .. } => held.are_in(item),
            Found::File { .. } => false,
        };
        by_itself || deletion.holds.cover(&subject.email)
    };
    let left = own.filter(|found| !is_held(found) && listed.should_be_gone(deletion, place, found));
    let found = left.count() as u64;
    let has_files = matches!(source.address, Address::S3(_)) && source.parent().is_some();
    let next = page.next.map(At::Walk).or_else(|| has_files.then_some(At::Files(0)));
    Ok((found, next))
}

/// As many files that records led to as are looked at between two looks at the clock.
async fn files(
    ground: &Ground,
    deletion: &Deletion<'_>,
    place: &Place<'_>,
    listed: &UnitListing,
    from: usize,
) -> Result<(u64, Option<At>), TaskError> {
    let source = ground.source(&place.task.source)?;
    let subject = deletion.people.subject(place.task)?;
    let all = &listed.listed;
    let to = all.len().min(from.saturating_add(FILES_MAX));
    let batch = all.get(from..to).unwrap_or_default().iter();
    let led_to = batch.filter(|(listed, is_held)| {
        let is_led_to = matches!(listed.target, Target::File { lead: Some(_), .. });
        !is_held && is_led_to && listed.task == place.number
    });
    let looks: Vec<_> = led_to
        .map(|(listed, _)| is_left(&ground.stores, &ground.map, source, &subject, &listed.target))
        .collect();
    let looks: Vec<bool> =
        stream::iter(looks).buffered(AT_A_TIME).try_collect().await.map_err(source_error)?;
    let left = looks.into_iter().filter(|left| *left).count() as u64;
    Ok((left, (to < all.len()).then_some(At::Files(to))))
}

/// What was listed of the unit that is being looked at, and whether it was held.
#[derive(Default)]
struct UnitListing {
    unit: Option<String>,
    listed: Vec<(Listed, bool)>,
    /// By the task's number and what tells records apart: whether it was held.
    keys: HashMap<(usize, String), bool>,
}

impl UnitListing {
    async fn read(&mut self, deletion: &Deletion<'_>, unit: &str) -> Result<(), TaskError> {
        if self.unit.as_deref() == Some(unit) {
            return Ok(());
        }
        let steps = deletion.folder.outcomes_of(unit).await?.into_iter();
        let outcomes = steps.flat_map(|step| step.outcomes);
        let held: HashSet<_> = outcomes
            .filter(|outcome| outcome.became == Erased::Held)
            .map(|outcome| (outcome.inventory, outcome.target))
            .collect();
        *self = Self { unit: Some(unit.to_owned()), ..Self::default() };
        for inventory in deletion.folder.inventories_of(unit).await? {
            for (place, listed) in inventory.targets.into_iter().enumerate() {
                let is_held = held.contains(&(inventory.step, place));
                self.keys.insert((listed.task, key_of(&listed.target)), is_held);
                self.listed.push((listed, is_held));
            }
        }
        Ok(())
    }

    /// Whether a find of the person's should not be there: all but what a hold is
    /// on. A follow-up was about what it lists, and about nothing that has come since.
    fn should_be_gone(&self, deletion: &Deletion<'_>, place: &Place<'_>, found: &Found) -> bool {
        let key = match found {
            Found::Record { key, .. } => record_key(key),
            Found::File { file, .. } => file.key.clone(),
        };
        match self.keys.get(&(place.number, key)) {
            Some(is_held) => !is_held,
            None => deletion.request.follows.is_none(),
        }
    }
}

fn key_of(target: &Target) -> String {
    match target {
        Target::Record { key, .. } => record_key(key),
        Target::File { key, .. } => key.clone(),
    }
}

/// A key is a map in order of name, so that the same key is always the same text.
fn record_key(key: &Key) -> String {
    serde_json::to_string(key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(count: usize) -> Vec<UnitTask> {
        let task = |number| UnitTask { subject: 0, source: format!("s{}", number % 2), part: None };
        (0..count).map(task).collect()
    }

    fn places(tasks: &[UnitTask]) -> Vec<Place<'_>> {
        let places = tasks.iter().enumerate();
        places.map(|(number, task)| Place { unit: "0001", number, task }).collect()
    }

    #[test]
    fn a_round_looks_at_what_the_one_before_has_found_and_at_nothing_else() {
        let tasks = tasks(4);
        let places = places(&tasks);
        let first = Cursor { left: BTreeMap::from([(1, 5), (3, 1)]), step: 2, ..Cursor::default() };
        let mut second = first.next_round(&places).unwrap();
        assert_eq!((second.round, second.pause_seconds, second.step), (1, 1, 2));
        assert_eq!(second.next(&places).unwrap().number, 1);
        second.task += 1;
        assert_eq!(second.next(&places).unwrap().number, 3);
        second.task += 1;
        assert!(second.next(&places).is_none());
    }

    #[test]
    fn what_stays_after_the_last_round_is_counted_by_source() {
        let tasks = tasks(4);
        let places = places(&tasks);
        let mut cursor = Cursor::default();
        for pause in PAUSES_SECONDS {
            cursor.left = BTreeMap::from([(0, 2), (1, 4), (3, 1)]);
            cursor = cursor.next_round(&places).unwrap();
            assert_eq!(cursor.pause_seconds, pause);
        }
        cursor.left = BTreeMap::from([(0, 2), (1, 4), (3, 1)]);
        let error = cursor.next_round(&places).unwrap_err();
        assert_eq!(error.name(), names::STILL_THERE);
        assert_eq!(error.to_string(), "After the deletion, records were still there: 2 in `s0`, 5 in `s1`.");
    }
}
