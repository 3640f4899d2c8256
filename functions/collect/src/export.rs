mod collection;
mod segment;

use std::time::Instant;

use habeas_domain::Request;
use habeas_lambda::TaskError;
use habeas_sources::Walk;
use habeas_work::{People, Unit, source_error};

use self::collection::{Collection, Ready};
use self::segment::Segment;
use crate::{Cursor, Workplace};

/// A step ends when its segment has reached this size: large enough that an
/// archive of 10,000 parts takes 300 GiB, small enough for a function's memory.
const SEGMENT_BYTES_TARGET: u64 = 32 << 20;

/// A step ends with so many members: their rows are held here and by `package`,
/// which reads several indexes side by side.
const MEMBERS_MAX: usize = 10_000;

/// Does one step of an export: one segment and its index. It ends before what
/// cannot be read, if it has done anything: the next one then begins, and fails,
/// with the very source that is in trouble.
pub(crate) async fn step(
    place: Workplace<'_>,
    request: &Request,
    unit: &Unit,
    mut cursor: Cursor,
    deadline: Instant,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let people = People::of(ground, place.folder, request).await?;
    let mut segment = Segment::new(request);
    let (mut full, mut worked, mut pseudonyms) = (false, false, None);
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| !full) {
        let source = ground.source(&task.source)?;
        let subject = people.subject(task)?;
        let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
        let walk = walk.through_part(task.part.unwrap_or_default());
        if pseudonyms.is_none() && source.pseudonymises() {
            pseudonyms = Some(place.folder.pseudonyms().await?);
        }
        let mut collection = Collection::new(source, task, &subject, pseudonyms.as_ref(), cursor.members);
        let mut next = Some(cursor.at.clone());
        while let Some(at) = next.as_ref().filter(|_| !full) {
            let read = async {
                let page = walk.page(at).await.map_err(source_error)?;
                Ok::<_, TaskError>((collection.prepare(ground, page.found).await?, page.next))
            };
            let (ready, behind) = match read.await {
                Ok(read) => read,
                Err(_) if worked => {
                    full = true;
                    break;
                }
                Err(error) => return Err(error),
            };
            match ready {
                Ready::Large(_) if worked => {
                    full = true;
                    break;
                }
                Ready::Large(file) => {
                    collection.add_large(place, unit, cursor.step + 1, *file, &mut segment).await?;
                    full = true;
                }
                Ready::Small(found) => collection.add(found, &mut segment)?,
            }
            worked = true;
            next = behind;
            full = full || segment.members.len() >= MEMBERS_MAX;
            full = full
                || segment.len() >= SEGMENT_BYTES_TARGET
                || Instant::now() + source.pace.answer_within >= deadline;
        }
        collection.flush(&mut segment)?;
        cursor.members = collection.members();
        segment.found.push(collection.count());
        match next {
            Some(at) => cursor.at = at,
            None => cursor = Cursor { task: cursor.task + 1, step: cursor.step, ..Cursor::default() },
        }
    }
    cursor.step += 1;
    let done = cursor.task >= unit.tasks.len();
    segment.store(place, unit, cursor, done).await
}

/// Does the step of a source that cannot be read: its index holds nothing.
pub(crate) async fn skip(
    place: Workplace<'_>,
    request: &Request,
    unit: &Unit,
    cursor: Cursor,
) -> Result<Cursor, TaskError> {
    let done = cursor.task >= unit.tasks.len();
    Segment::new(request).store(place, unit, cursor, done).await
}

#[cfg(test)]
mod tests;
