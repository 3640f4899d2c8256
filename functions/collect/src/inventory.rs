use std::time::Instant;

use habeas_domain::Request;
use habeas_lambda::TaskError;
use habeas_sources::{DataMap, Found, Source, Target, Walk};
use habeas_work::{Inventory, Listed, Step, Unit, source_error, subject};

use crate::{Cursor, Workplace};

/// A step ends when it has listed this many targets: some 1 MB of keys.
const TARGETS_MAX: usize = 5_000;

/// Does one step of a deletion's inventory: keys of what is the person's own.
pub(crate) async fn step(
    place: Workplace<'_>,
    request: &Request,
    unit: &Unit,
    mut cursor: Cursor,
    deadline: Instant,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let mut targets = Vec::new();
    let mut full = false;
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| !full) {
        let source = ground.source(&task.source)?;
        let subject = subject(request, task)?;
        let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
        let mut next = Some(cursor.at.clone());
        while let Some(at) = next.as_ref().filter(|_| !full) {
            let page = walk.page(at).await.map_err(source_error)?;
            targets.extend(
                page.found.into_iter().filter_map(|found| listed(&ground.map, source, cursor.task, found)),
            );
            next = page.next;
            full = targets.len() >= TARGETS_MAX || Instant::now() >= deadline;
        }
        match next {
            Some(at) => cursor.at = at,
            None => cursor = Cursor { task: cursor.task + 1, step: cursor.step, ..Cursor::default() },
        }
    }
    cursor.step += 1;
    let done = cursor.task >= unit.tasks.len();
    let inventory = Inventory { unit: unit.unit.clone(), step: cursor.step, last: done, targets };
    place.folder.keep_first(place.key, Step { cursor, result: inventory }).await
}

/// Other people's records that the person only led to are not theirs to erase.
fn listed(map: &DataMap, source: &Source, task: usize, found: Found) -> Option<Listed> {
    let target = match found {
        Found::Record { key, item, own: true } => Target::record(map, source, key, &item),
        Found::Record { own: false, .. } => return None,
        Found::File { key, lead } => Target::File { key, lead },
    };
    Some(Listed { task, target })
}
