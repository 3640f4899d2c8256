use std::ops::Range;

/// S3 rejects smaller parts, the last one aside (EntityTooSmall).
pub const PART_BYTES_MIN: u64 = 5 << 20;
/// S3 takes five times as much, but answers a copy only when all of it is copied:
/// this is done well within the time that a call may take.
pub const PART_BYTES_MAX: u64 = 1 << 30;
/// S3 numbers parts from 1 to this.
pub const PARTS_MAX: usize = 10_000;

/// How the segments become one object by a multipart upload.
///
/// Segments are named by their position in the list that was planned. Large
/// ones come first, copied by S3 itself; small ones follow, gathered until they
/// are large enough for a part; what is left over goes in front of the manifest
/// and the directory in the last part, which may have any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// All parts but the last one, in the order of their numbers from 1.
    pub parts: Vec<Part>,
    /// The segments at the head of the last part.
    pub tail: Vec<usize>,
    /// Where each segment begins in the archive, by its position.
    pub offsets: Vec<u64>,
    /// How many bytes the segments take together: where the manifest begins.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// S3 copies this range of the segment (`UploadPartCopy`); it never leaves S3.
    Copy { segment: usize, range: Range<u64> },
    /// These segments are read and uploaded as one part, less than twice
    /// [`PART_BYTES_MIN`] together.
    Gather { segments: Vec<usize> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the archive needs more than {max} parts; collect larger segments")]
pub struct TooManyParts {
    pub max: usize,
}

impl Layout {
    /// Plans for segments of these sizes in bytes. Empty segments take no part.
    pub fn plan(segments: &[u64]) -> Result<Self, TooManyParts> {
        Self::within(Limits::S3, segments)
    }

    pub(crate) fn within(limits: Limits, segments: &[u64]) -> Result<Self, TooManyParts> {
        let mut layout = Self { parts: vec![], tail: vec![], offsets: vec![0; segments.len()], bytes: 0 };
        let is_large = |bytes: u64| bytes >= limits.part_bytes_min;
        for (segment, &bytes) in segments.iter().enumerate().filter(|(_, b)| is_large(**b)) {
            layout.place(segment, bytes);
            layout.copy(limits, segment, bytes)?;
        }
        let mut gathered = 0;
        for (segment, &bytes) in segments.iter().enumerate().filter(|(_, b)| !is_large(**b)) {
            layout.place(segment, bytes);
            if bytes == 0 {
                continue;
            }
            layout.tail.push(segment);
            gathered += bytes;
            if is_large(gathered) {
                limits.room_for(&layout.parts, 1)?;
                let segments = std::mem::take(&mut layout.tail);
                layout.parts.push(Part::Gather { segments });
                gathered = 0;
            }
        }
        Ok(layout)
    }

    fn place(&mut self, segment: usize, bytes: u64) {
        self.offsets[segment] = self.bytes;
        self.bytes += bytes;
    }

    /// Splits evenly, so that no rest falls below the smallest part.
    fn copy(&mut self, limits: Limits, segment: usize, bytes: u64) -> Result<(), TooManyParts> {
        let pieces = bytes.div_ceil(limits.part_bytes_max);
        limits.room_for(&self.parts, pieces)?;
        let (size, longer) = (bytes / pieces, bytes % pieces);
        let mut start = 0;
        for piece in 0..pieces {
            let range = start..start + size + u64::from(piece < longer);
            start = range.end;
            self.parts.push(Part::Copy { segment, range });
        }
        Ok(())
    }
}

/// Smaller in tests, where five MiB would be a long wait for the same rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) part_bytes_min: u64,
    pub(crate) part_bytes_max: u64,
    pub(crate) parts_max: usize,
}

impl Limits {
    const S3: Self =
        Self { part_bytes_min: PART_BYTES_MIN, part_bytes_max: PART_BYTES_MAX, parts_max: PARTS_MAX };

    /// One part is always kept for the tail.
    fn room_for(self, parts: &[Part], more: u64) -> Result<(), TooManyParts> {
        let needed = more.saturating_add(parts.len() as u64 + 1);
        if needed > self.parts_max as u64 {
            return Err(TooManyParts { max: self.parts_max });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
