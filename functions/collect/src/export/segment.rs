use chrono::{Datelike, Timelike};
use habeas_archive::{DosTime, Listing, Member, SegmentIndex, SegmentWriter, StreamedMember};
use habeas_aws::Upload;
use habeas_domain::Request;
use habeas_lambda::{TaskError, names};
use habeas_sources::OpenFile;
use habeas_work::{Unit, source_error};
use sha2::{Digest, Sha256};

use crate::Workplace;

/// Compressed data goes out in parts of this size: an upload may have 10,000, and
/// a function holds two of them.
const PART_BYTES: usize = 8 << 20;

/// A part, and what one piece more may become: a buffer that does not grow leaves no
/// gaps in the memory, of which a large file would make many.
const PART_ROOM: usize = PART_BYTES + (1 << 20);

/// A segment that has nearly reached its target gets one more page, or member.
const SEGMENT_BYTES_MAX: usize = 48 << 20;

/// A segment, and what its index will say.
pub(super) struct Segment {
    modified: DosTime,
    pub(super) writer: SegmentWriter,
    pub(super) listing: Listing,
    large: Option<Large>,
}

/// A large file at the segment's beginning, which is being uploaded.
struct Large {
    upload: Upload,
    /// Of the parts behind the first.
    tags: Vec<String>,
    /// The first part: the header in it was made last.
    first: Vec<u8>,
    /// What is not uploaded yet.
    rest: Vec<u8>,
}

impl Segment {
    /// Members carry the time of filing: the same request makes the same bytes.
    pub(super) fn new(request: &Request) -> Self {
        let at = request.created_at;
        let modified = DosTime::new(at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second());
        let writer = SegmentWriter::new(modified).with_room(SEGMENT_BYTES_MAX);
        Self { modified, writer, listing: Listing::default(), large: None }
    }

    pub(super) fn len(&self) -> u64 {
        self.writer.len()
    }

    /// Reads a large file and uploads what it becomes, piece by piece. The segment
    /// begins with it. Parts are cut at the same places whenever it is done again.
    pub(super) async fn stream(
        &mut self,
        place: Workplace<'_>,
        key: &str,
        path: &str,
        mut file: OpenFile<'_>,
    ) -> Result<Member, TaskError> {
        let bucket = &place.folder.bucket;
        let mut member = StreamedMember::new(path, self.modified).map_err(unwritable)?;
        let upload = bucket.open_upload(key, "application/octet-stream").await?;
        let (mut first, mut rest, mut tags) = (Vec::new(), Vec::with_capacity(PART_ROOM), Vec::new());
        while let Some(piece) = file.next().await.map_err(source_error)? {
            member.write(piece.as_ref(), &mut rest).map_err(unwritable)?;
            while rest.len() > PART_BYTES {
                let part = cut(&mut rest);
                if first.is_empty() {
                    first = part;
                } else {
                    tags.push(bucket.put_part(&upload, number(tags.len() + 2)?, part).await?);
                }
            }
        }
        let member = member.finish(&mut rest).map_err(unwritable)?;
        first.splice(0..0, member.entry.local_header());
        self.writer = SegmentWriter::behind(self.modified, member.entry.local_bytes());
        self.large = Some(Large { upload, tags, first, rest });
        Ok(member)
    }

    /// Stores the segment under the number that it has in its unit, and gives the
    /// index that will make it count.
    pub(super) async fn store(
        self,
        place: Workplace<'_>,
        unit: &Unit,
        number: u32,
        last: bool,
    ) -> Result<SegmentIndex, TaskError> {
        let folder = place.folder;
        let contents = self.listing.finish().map_err(unwritable)?;
        let bytes = self.writer.len();
        let segment = self.writer.finish();
        let key = match self.large {
            Some(large) => large.finish(place, segment).await?,
            None => {
                let key = folder.keys.segment(&unit.unit, number, &digest(&[&segment]));
                if !segment.is_empty() {
                    folder.bucket.put(&key, segment, "application/octet-stream").await?;
                }
                key
            }
        };
        Ok(SegmentIndex { unit: unit.unit.clone(), number, last, key, bytes, contents })
    }
}

impl Large {
    /// Uploads the last part and then the first.
    async fn finish(mut self, place: Workplace<'_>, behind: Vec<u8>) -> Result<String, TaskError> {
        let bucket = &place.folder.bucket;
        self.rest.extend(behind);
        let mut tags = Vec::with_capacity(self.tags.len() + 2);
        // Only the last part may be small.
        if self.tags.is_empty() && self.first.len() < PART_BYTES {
            self.first.append(&mut self.rest);
        }
        tags.push(bucket.put_part(&self.upload, 1, self.first).await?);
        tags.append(&mut self.tags);
        if !self.rest.is_empty() {
            tags.push(bucket.put_part(&self.upload, number(tags.len() + 1)?, self.rest).await?);
        }
        bucket.complete_upload(&self.upload, tags).await?;
        Ok(self.upload.key)
    }
}

/// The first part of what waits.
fn cut(rest: &mut Vec<u8>) -> Vec<u8> {
    let mut behind = Vec::with_capacity(PART_ROOM);
    behind.extend(rest.drain(PART_BYTES..));
    std::mem::replace(rest, behind)
}

fn number(part: usize) -> Result<i32, TaskError> {
    i32::try_from(part).map_err(unwritable)
}

/// Tells contents apart, in the names of segments.
pub(super) fn digest(contents: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for content in contents {
        digest.update(content);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> TaskError {
    TaskError::new(names::INCOMPLETE, "A part of the archive could not be written.").because(error)
}
