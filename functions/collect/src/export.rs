mod collection;
mod segment;

use std::time::{Duration, Instant};

use habeas_archive::SegmentIndex;
use habeas_domain::Request;
use habeas_lambda::{TaskError, names};
use habeas_sources::{Pseudonyms, Source, Walk};
use habeas_work::{People, Step, Unit, source_error};

use self::collection::{Collection, Ready};
use self::segment::Segment;
use crate::{Cursor, Workplace};

/// A segment ends when it has reached this size: large enough that the 10,000
/// parts of an archive hold 300 GiB, small enough for a function's memory.
const SEGMENT_BYTES_TARGET: u64 = 32 << 20;

/// A segment ends with so many members, and so does a step, which then has at most
/// twice as many: what is known of them is held here and by `package`, which reads
/// several indexes side by side.
const MEMBERS_MAX: usize = 10_000;

/// A large file is read, compressed and written at least as quickly. One that might
/// not be done in what is left of a step's time begins the next step.
const LARGE_BYTES_PER_SECOND: u64 = 16 << 20;

/// Does one step of an export: as many segments as there is time for, and then the
/// list of their indexes, which makes them count.
///
/// Where a segment ends follows from where it begins and from what the sources
/// hold. One that time or a fault cuts short is left to the next step, which begins
/// it anew: so the same data make the same segments wherever steps end. A step
/// without any whole one keeps what it has, so that it goes on at all. Where it has
/// nothing, it fails with the very source that is in trouble.
///
/// An attempt after one that failed or died does one segment, so that what is in
/// trouble comes to begin a step, with all of its time, and takes no more than
/// itself with it.
pub(crate) async fn step(
    place: Workplace<'_>,
    request: &Request,
    unit: &Unit,
    mut cursor: Cursor,
    is_again: bool,
    deadline: Instant,
) -> Result<Cursor, TaskError> {
    let ground = place.ground;
    let people = People::of(ground, place.folder, request).await?;
    let mut sources = unit.tasks.iter().filter_map(|task| ground.map.source(&task.source));
    let pseudonyms =
        if sources.any(Source::pseudonymises) { Some(place.folder.pseudonyms().await?) } else { None };
    let work = Work { place, request, unit, people: &people, pseudonyms: pseudonyms.as_ref(), deadline };
    let (mut indexes, mut members, mut longest) = (Vec::new(), 0, Duration::ZERO);
    loop {
        let (began, is_first) = (Instant::now(), indexes.is_empty());
        let filled = match work.fill(cursor.clone(), is_first).await {
            Ok(Some(filled)) => filled,
            Err(error) if is_first => return Err(error),
            Err(error) => {
                tracing::warn!(unit = %unit.unit, name = error.name(), "the step ends before a segment");
                break;
            }
            Ok(None) => break,
        };
        let Filled { index, is_whole, behind } = filled;
        cursor = behind;
        members += index.contents.members.len();
        let is_over = is_again || index.last || !is_whole || members >= MEMBERS_MAX;
        indexes.push(index);
        // Another one may take as long, and would be in vain if it were cut short.
        longest = longest.max(began.elapsed());
        if is_over || Instant::now() + longest >= deadline {
            break;
        }
        // Nobody would tidy away what is written after the end.
        let Ok(now) = ground.request(&request.account, request.id).await else { break };
        if now.status.has_ended() {
            return Err(TaskError::new(names::INCOMPLETE, "The request has ended, so nothing more is read."));
        }
    }
    cursor.step += 1;
    keep(place, cursor, indexes).await
}

/// Does the step of a source that cannot be read: it has no segment. A step that
/// has read anything has one, be it empty, and so `package` sees that it has to
/// look for reasons.
pub(crate) async fn skip(place: Workplace<'_>, cursor: Cursor) -> Result<Cursor, TaskError> {
    keep(place, cursor, Vec::new()).await
}

async fn keep(place: Workplace<'_>, cursor: Cursor, indexes: Vec<SegmentIndex>) -> Result<Cursor, TaskError> {
    place.folder.keep_first(place.key, Step { cursor, result: indexes }).await
}

/// What all segments of a step have in common.
struct Work<'a> {
    place: Workplace<'a>,
    request: &'a Request,
    unit: &'a Unit,
    people: &'a People<'a>,
    pseudonyms: Option<&'a Pseudonyms>,
    deadline: Instant,
}

/// A segment that is stored.
struct Filled {
    index: SegmentIndex,
    is_whole: bool,
    /// Where the next one begins.
    behind: Cursor,
}

/// Why a segment ends before its unit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It has enough, or a large file comes, which begins another one.
    Full,
    /// The time is nearly over, or a source could not be read.
    CutShort,
}

impl Work<'_> {
    /// Fills a segment and stores it. One that is cut short is kept as the step's
    /// first alone.
    async fn fill(&self, mut cursor: Cursor, is_first: bool) -> Result<Option<Filled>, TaskError> {
        let (place, unit, ground) = (self.place, self.unit, self.place.ground);
        let mut segment = Segment::new(self.request);
        cursor.segments += 1;
        let (mut end, mut worked) = (None, false);
        while let Some(task) = unit.tasks.get(cursor.task).filter(|_| end.is_none()) {
            let source = ground.source(&task.source)?;
            let subject = self.people.subject(task)?;
            let walk = Walk::new(&ground.stores, &ground.map, source, &subject);
            let walk = walk.through_part(task.part.unwrap_or_default());
            let mut collection = Collection::new(source, task, &subject, self.pseudonyms, cursor.members);
            let mut next = Some(cursor.at.clone());
            while let Some(at) = next.as_ref().filter(|_| end.is_none()) {
                let read = async {
                    let page = walk.page(at).await.map_err(source_error)?;
                    Ok::<_, TaskError>((collection.prepare(ground, page.found).await?, page.next))
                };
                let (ready, behind) = match read.await {
                    Ok(read) => read,
                    Err(_) if worked => {
                        end = Some(End::CutShort);
                        break;
                    }
                    Err(error) => return Err(error),
                };
                match ready {
                    Ready::Large(_) if worked => {
                        end = Some(End::Full);
                        break;
                    }
                    Ready::Large(file) if !is_first && self.is_late_for(file.bytes()) => return Ok(None),
                    Ready::Large(file) => {
                        collection.add_large(place, unit, cursor.segments, *file, &mut segment).await?;
                        end = Some(End::Full);
                    }
                    Ready::Small(found) => collection.add(found, &mut segment)?,
                }
                worked = true;
                next = behind;
                if segment.listing.members() >= MEMBERS_MAX || segment.len() >= SEGMENT_BYTES_TARGET {
                    end = Some(End::Full);
                }
                if end.is_none() && Instant::now() + source.pace.answer_within >= self.deadline {
                    end = Some(End::CutShort);
                }
            }
            collection.flush(&mut segment)?;
            cursor.members = collection.members();
            segment.listing.found(collection.count());
            match next {
                Some(at) => cursor.at = at,
                None => cursor = cursor.behind_task(),
            }
        }
        let last = cursor.task >= unit.tasks.len();
        let is_whole = last || end != Some(End::CutShort);
        if !is_whole && !is_first {
            return Ok(None);
        }
        let index = segment.store(place, unit, cursor.segments, last).await?;
        Ok(Some(Filled { index, is_whole, behind: cursor }))
    }

    fn is_late_for(&self, large_bytes: u64) -> bool {
        Instant::now() + Duration::from_secs(large_bytes / LARGE_BYTES_PER_SECOND) >= self.deadline
    }
}

#[cfg(test)]
mod tests;
