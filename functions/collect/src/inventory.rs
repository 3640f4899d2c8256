use std::time::Instant;

use habeas_domain::Request;
use habeas_lambda::TaskError;
use habeas_sources::{Digests, Target, Walk};
use habeas_work::{Inventory, Listed, People, Step, Unit, source_error};

use crate::{Cursor, Workplace};

/// A step ends when it has listed this many targets: some 1 MB of keys.
const TARGETS_MAX: usize = 5_000;

/// Does one step of a deletion's inventory: keys of what is the person's own, and
/// the keyed digests by which the receipt speaks of it.
pub(crate) async fn step(
    place: Workplace<'_>,
    digests: &Digests,
    request: &Request,
    unit: &Unit,
    mut cursor: Cursor,
    deadline: Instant,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let people = People::of(ground, place.folder, request).await?;
    let mut targets = Vec::new();
    let (mut full, mut worked) = (false, false);
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| !full) {
        let source = ground.source(&task.source)?;
        let subject = people.subject(task)?;
        let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
        let walk = walk.through_part(task.part.unwrap_or_default()).with_old_versions();
        let mut next = Some(cursor.at.clone());
        while let Some(at) = next.as_ref().filter(|_| !full) {
            let page = match walk.page(at).await {
                Ok(page) => page,
                // The next step begins, and fails, with the very source that is in trouble.
                Err(_) if worked => {
                    full = true;
                    break;
                }
                Err(error) => return Err(source_error(error)),
            };
            let found = page.found.into_iter();
            targets.extend(found.filter_map(|found| {
                let digest = digests.of(source, &found);
                let target = Target::of(&ground.map, source, found)?;
                Some(Listed { task: cursor.task, target, digest })
            }));
            // Versions of one object stand side by side, and go together.
            targets.dedup();
            worked = true;
            next = page.next;
            full = targets.len() >= TARGETS_MAX || Instant::now() + source.pace.answer_within >= deadline;
        }
        match next {
            Some(at) => cursor.at = at,
            None => cursor = Cursor { task: cursor.task + 1, step: cursor.step, ..Cursor::default() },
        }
    }
    cursor.step += 1;
    keep(place, unit, cursor, targets).await
}

/// Does the step of a source that cannot be read: it lists nothing.
pub(crate) async fn skip(place: Workplace<'_>, unit: &Unit, cursor: Cursor) -> Result<Cursor, TaskError> {
    keep(place, unit, cursor, Vec::new()).await
}

async fn keep(
    place: Workplace<'_>,
    unit: &Unit,
    cursor: Cursor,
    targets: Vec<Listed>,
) -> Result<Cursor, TaskError> {
    let last = cursor.task >= unit.tasks.len();
    let inventory = Inventory { unit: unit.unit.clone(), step: cursor.step, last, targets };
    place.folder.keep_first(place.key, Step { cursor, result: inventory }).await
}
