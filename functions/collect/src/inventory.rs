use std::collections::BTreeSet;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use habeas_domain::{Digest, Request, RequestId};
use habeas_lambda::{TaskError, names};
use habeas_sources::{
    Digests, Found, Source, SourceError, Subject, Target, Walk, is_shared, is_shared_by_now,
};
use habeas_work::{Ground, HeldTarget, Inventory, Listed, People, Step, Unit, source_error};

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
    let everybody = people.all();
    let mut targets = Vec::new();
    let (mut full, mut worked) = (false, false);
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| !full) {
        let source = ground.source(&task.source)?;
        let subject = people.subject(task)?;
        let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
        let walk = walk.through_part(task.part.unwrap_or_default()).with_old_versions();
        let mut next = Some(cursor.at.clone());
        while let Some(at) = next.as_ref().filter(|_| !full) {
            let (listed, behind) = match page(ground, source, digests, &walk, at, &everybody).await {
                Ok(page) => page,
                // The next step begins, and fails, with the very source that is in trouble.
                Err(_) if worked => {
                    full = true;
                    break;
                }
                Err(error) => return Err(source_error(error)),
            };
            let listed = listed.into_iter();
            targets.extend(listed.map(|(target, digest)| Listed { task: cursor.task, target, digest }));
            // Versions of one object stand side by side, and go together.
            targets.dedup();
            worked = true;
            next = behind;
            full = targets.len() >= TARGETS_MAX || Instant::now() + source.pace.answer_within >= deadline;
        }
        match next {
            Some(at) => cursor.at = at,
            None => cursor = cursor.behind_task(),
        }
    }
    cursor.step += 1;
    keep(place, unit, cursor, targets).await
}

/// Does one step of a follow-up's inventory: what the deletion before it had to
/// leave, and nothing that has come since.
pub(crate) async fn step_of_held(
    place: Workplace<'_>,
    request: &Request,
    original: RequestId,
    unit: &Unit,
    mut cursor: Cursor,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let held = HeldTarget::of(ground, &request.account, original).await?;
    let units = place.folder.units().await?;
    let tasks: BTreeSet<_> =
        units.iter().flat_map(|unit| &unit.tasks).map(|task| (task.subject, task.source.as_str())).collect();
    if let Some(lost) = held.iter().find(|held| !tasks.contains(&(held.subject, held.source.as_str()))) {
        let message = format!(
            "Records were held in the data source `{}`, which the data map has no more, or elsewhere. \
             Nothing was erased.",
            lost.source
        );
        return Err(TaskError::new(names::INCOMPLETE, message));
    }
    let everybody = People::of(ground, place.folder, request).await?.all();
    let mut targets = Vec::new();
    while let Some(task) = unit.tasks.get(cursor.task).filter(|_| targets.len() < TARGETS_MAX) {
        let source = ground.source(&task.source)?;
        let of_task = held.iter().filter(|held| held.subject == task.subject && held.source == task.source);
        let looks: Vec<_> = of_task.map(|held| as_shared_now(ground, source, &everybody, held)).collect();
        let listed =
            stream::iter(looks).buffered(source.pace.calls_at_a_time()).try_collect::<Vec<_>>().await;
        let listed = listed.map_err(source_error)?.into_iter();
        targets.extend(listed.map(|listed| Listed { task: cursor.task, ..listed }));
        cursor = cursor.behind_task();
    }
    cursor.step += 1;
    keep(place, unit, cursor, targets).await
}

/// What was held as it was listed, but for who has a part in it by now.
async fn as_shared_now(
    ground: &Ground,
    source: &Source,
    people: &[Subject],
    held: &HeldTarget,
) -> Result<Listed, SourceError> {
    let mut listed = held.listed.clone();
    if let Target::Record { key, shared, .. } = &mut listed.target {
        *shared = *shared || is_shared_by_now(&ground.stores, &ground.map, source, key, people).await?;
    }
    Ok(listed)
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

/// What a page of a walk finds of the person's own, and where the next page begins.
async fn page(
    ground: &Ground,
    source: &Source,
    digests: &Digests,
    walk: &Walk<'_>,
    at: &habeas_sources::Cursor,
    people: &[Subject],
) -> Result<(Vec<(Target, Digest)>, Option<habeas_sources::Cursor>), SourceError> {
    let page = walk.page(at).await?;
    let looked_at = ground.map.shared_with(source);
    let at_a_time = looked_at.map_or(1, |with| with.pace.calls_at_a_time());
    let looks: Vec<_> =
        page.found.into_iter().map(|found| listed(ground, source, digests, people, found)).collect();
    let listed: Vec<Option<_>> = stream::iter(looks).buffered(at_a_time).try_collect().await?;
    Ok((listed.into_iter().flatten().collect(), page.next))
}

/// What is listed of a find, and the digest that stands for it.
async fn listed(
    ground: &Ground,
    source: &Source,
    digests: &Digests,
    people: &[Subject],
    found: Found,
) -> Result<Option<(Target, Digest)>, SourceError> {
    let shared = match &found {
        Found::Record { item, own: true, .. } => {
            is_shared(&ground.stores, &ground.map, source, item, people).await?
        }
        Found::Record { own: false, .. } | Found::File { .. } => false,
    };
    let digest = digests.of(source, &found);
    Ok(Target::of(&ground.map, source, found, shared).map(|target| (target, digest)))
}
