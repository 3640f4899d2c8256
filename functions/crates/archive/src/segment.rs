use crate::entry::{Entry, Member, Method};
use crate::member_name::{BadName, MemberName};
use crate::time::DosTime;
use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt;

/// Of libdeflate: some 5% larger than its default, 6, and a third quicker. It is
/// still within 5% of zlib's default (`docs/performance.md`).
const LEVEL: i32 = if cfg!(feature = "turbo") { QUICK_LEVEL } else { 4 };

/// For small members.
const QUICK_LEVEL: i32 = 1;

/// Up to here the quick level, too, is within 5% of zlib's default: there is little
/// to be found again in so little.
const SMALL_BYTES_MAX: usize = 8 << 10;

/// Lays complete ZIP local entries end to end in memory.
///
/// A member is compressed in one piece with its sizes known before its header
/// is written: no data descriptors, which stored members and some readers do
/// not go together with. Member and segment are bounded by memory, so the
/// caller rotates both at a size of its choosing.
pub struct SegmentWriter {
    /// Where in the segment these bytes begin.
    base: u64,
    bytes: Vec<u8>,
    names: HashSet<MemberName>,
    modified: DosTime,
    compressor: Compressor,
    quick: Compressor,
    packed: Vec<u8>,
}

/// Why a member was not added; the segment is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    #[error("the member cannot be named so")]
    Name(#[from] BadName),
    #[error("the segment has a member of this name already; rotate or number it")]
    Repeated,
}

impl SegmentWriter {
    /// Every member carries the same time, that of the request: an archive made
    /// twice from the same data is the same archive.
    pub fn new(modified: DosTime) -> Self {
        Self::behind(modified, 0)
    }

    /// Makes room for so many bytes at once: a buffer that grows is there twice
    /// meanwhile.
    #[must_use]
    pub fn with_room(mut self, bytes: usize) -> Self {
        self.bytes.reserve_exact(bytes);
        self
    }

    /// Writes what lies behind so many bytes that went another way, such as a
    /// [`StreamedMember`](crate::StreamedMember).
    pub fn behind(modified: DosTime, base: u64) -> Self {
        Self {
            base,
            bytes: Vec::new(),
            names: HashSet::new(),
            modified,
            compressor: compressor(LEVEL),
            quick: compressor(QUICK_LEVEL),
            packed: Vec::new(),
        }
    }

    /// Writes one member. `records` is how many records `content` holds, none
    /// for an original file.
    pub fn add(&mut self, name: &str, content: &[u8], records: u64) -> Result<Member, AddError> {
        let name = MemberName::new(name)?;
        if !self.names.insert(name.clone()) {
            return Err(AddError::Repeated);
        }
        let offset = self.len();
        let small = content.len() <= SMALL_BYTES_MAX;
        let compressor = if small { &mut self.quick } else { &mut self.compressor };
        let packed = deflate(compressor, &mut self.packed, content);
        let (method, data) = match packed {
            Some(packed) => (Method::Deflate, packed),
            None => (Method::Stored, content),
        };
        let entry = Entry {
            name,
            offset,
            compressed: data.len() as u64,
            uncompressed: content.len() as u64,
            crc32: crc32fast::hash(content),
            method,
            modified: self.modified,
        };
        self.bytes.extend_from_slice(&entry.local_header());
        self.bytes.extend_from_slice(data);
        Ok(Member { entry, sha256: hex(&Sha256::digest(content)), records })
    }

    /// How long the segment is so far.
    pub fn len(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of the segment's object.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

fn compressor(level: i32) -> Compressor {
    Compressor::new(CompressionLvl::new(level).unwrap_or_default())
}

/// The content packed, or nothing when packing does not make it smaller: the
/// buffer has one byte less than the content, so what is no gain does not fit.
fn deflate<'a>(compressor: &mut Compressor, buffer: &'a mut Vec<u8>, content: &[u8]) -> Option<&'a [u8]> {
    let room = content.len().checked_sub(1)?;
    if buffer.len() < room {
        buffer.resize(room, 0);
    }
    let packed = compressor.deflate_compress(content, &mut buffer[..room]).ok()?;
    Some(&buffer[..packed])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// The bytes are personal data; only how much there is can be printed.
impl fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut summary = f.debug_struct("SegmentWriter");
        summary.field("bytes", &self.len()).field("members", &self.names.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::central_directory;
    use proptest::prelude::*;
    use std::error::Error;
    use std::io::{Cursor, Read};

    fn writer() -> SegmentWriter {
        SegmentWriter::new(DosTime::EARLIEST)
    }

    fn quick() -> SegmentWriter {
        SegmentWriter { compressor: compressor(QUICK_LEVEL), ..writer() }
    }

    /// Records enough for levels to differ.
    fn records(bytes: usize) -> Vec<u8> {
        let record = |number: u64| format!("{{\"id\":{},\"of\":{}}}\n", number * number % 9_973, number % 61);
        (0..).flat_map(|number| record(number).into_bytes()).take(bytes).collect()
    }

    #[test]
    fn text_is_deflated_and_its_digests_are_of_the_content() -> Result<(), AddError> {
        let mut segment = writer();
        let Member { entry, records, .. } = segment.add("a.jsonl", &b"abc".repeat(1000), 1000)?;
        assert_eq!((entry.method, records), (Method::Deflate, 1000));
        assert!(entry.compressed < 100);
        assert_eq!(entry.uncompressed, 3000);
        let member = segment.add("b", b"abc", 1)?;
        assert_eq!(member.entry.crc32, 0x3524_41c2);
        assert!(member.sha256.starts_with("ba7816bf8f01cfea414140de5dae2223"));
        Ok(())
    }

    #[test]
    fn what_deflate_does_not_make_smaller_is_stored() -> Result<(), AddError> {
        let mut segment = writer();
        assert_eq!(segment.add("empty", b"", 0)?.entry.method, Method::Stored);
        assert_eq!(segment.add("one", b"x", 0)?.entry.method, Method::Stored);
        assert_eq!(segment.add("short", b"random", 0)?.entry.compressed, 6);
        Ok(())
    }

    #[test]
    fn a_name_is_written_once_and_a_refusal_leaves_the_segment_as_it_was() -> Result<(), AddError> {
        let mut segment = writer();
        segment.add("a", b"1", 1)?;
        let bytes = segment.len();
        assert_eq!(segment.add("a", b"2", 1).err(), Some(AddError::Repeated));
        assert!(segment.add("../a", b"2", 1).is_err());
        assert_eq!(segment.len(), bytes);
        assert!(format!("{segment:?}").contains("members: 1"));
        Ok(())
    }

    #[test]
    fn large_members_are_packed_quickly_with_turbo_alone() -> Result<(), AddError> {
        let content = records(64 << 10);
        let packed = |mut segment: SegmentWriter| {
            Ok::<_, AddError>(segment.add("a.jsonl", &content, 0)?.entry.compressed)
        };
        let (member, quick) = (packed(writer())?, packed(quick())?);
        if cfg!(feature = "turbo") {
            assert_eq!(member, quick);
        } else {
            assert!(member < quick);
        }
        Ok(())
    }

    #[test]
    fn small_members_are_packed_quickly() -> Result<(), AddError> {
        let content = records(SMALL_BYTES_MAX);
        assert_eq!(writer().add("a", &content, 0)?, quick().add("a", &content, 0)?);
        Ok(())
    }

    #[test]
    fn members_of_every_size_open_in_a_reader_of_others() -> Result<(), Box<dyn Error>> {
        let sizes = [0, 1, 40, 60, 4 << 10, SMALL_BYTES_MAX, SMALL_BYTES_MAX + 1, 100_000, 1 << 20];
        let (mut segment, mut entries) = (writer(), Vec::new());
        for bytes in sizes {
            entries.push(segment.add(&format!("{bytes}.jsonl"), &records(bytes), 0)?.entry);
        }
        let directory = central_directory(entries.iter().map(|entry| (entry, entry.offset)), segment.len());
        let mut zip = zip::ZipArchive::new(Cursor::new([segment.finish(), directory].concat()))?;
        for bytes in sizes {
            let mut read = Vec::new();
            zip.by_name(&format!("{bytes}.jsonl"))?.read_to_end(&mut read)?;
            assert_eq!(read, records(bytes));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn entries_tile_the_segment_and_the_same_input_gives_the_same_bytes(
            contents in proptest::collection::vec(
                proptest::collection::vec(0u8..8, 0..200), 0..8),
        ) {
            let write = || {
                let (mut segment, mut entries) = (writer(), Vec::new());
                for (number, content) in contents.iter().enumerate() {
                    entries.push(segment.add(&format!("m{number}"), content, 0)?.entry);
                }
                Ok::<_, AddError>((segment.finish(), entries))
            };
            let (one, two) = (write()?, write()?);
            prop_assert_eq!(&one, &two);
            let (bytes, entries) = one;
            let mut at = 0;
            for entry in &entries {
                prop_assert_eq!(entry.offset, at);
                prop_assert!(entry.compressed <= entry.uncompressed);
                at += entry.local_bytes();
            }
            prop_assert_eq!(at, bytes.len() as u64);
        }
    }
}
