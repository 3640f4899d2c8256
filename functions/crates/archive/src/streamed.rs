use std::fmt;

use flate2::{Compress, CompressError, Compression, FlushCompress, Status};
use sha2::{Digest, Sha256};

use crate::entry::{Entry, Member, Method};
use crate::member_name::{BadName, MemberName};
use crate::segment::hex;
use crate::time::DosTime;

/// What is compressed at a time. Always as much, whatever sizes the content
/// comes in: the same content then gives the same bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Of zlib. With turbo, level 1 would be half as quick again, and a quarter larger.
const LEVEL: u32 = if cfg!(feature = "turbo") { 2 } else { 6 };

/// Room that is made for compressed data at a time.
const ROOM_BYTES: usize = 128 << 10;

/// One member that is too large to be held in memory: its content comes in
/// pieces, and its data goes out in pieces. Its header, which has the sizes,
/// is made last and belongs in front.
pub struct StreamedMember {
    name: MemberName,
    modified: DosTime,
    deflate: Compress,
    waiting: Vec<u8>,
    crc32: crc32fast::Hasher,
    sha256: Sha256,
}

#[derive(Debug, thiserror::Error)]
#[error("the content cannot be compressed")]
pub struct StreamError(#[from] CompressError);

impl StreamedMember {
    pub fn new(name: &str, modified: DosTime) -> Result<Self, BadName> {
        Ok(Self {
            name: MemberName::new(name)?,
            modified,
            deflate: Compress::new(Compression::new(LEVEL), false),
            waiting: Vec::with_capacity(PIECE_BYTES),
            crc32: crc32fast::Hasher::new(),
            sha256: Sha256::new(),
        })
    }

    /// Takes a piece of the content, and lays what it becomes behind what `out` has.
    pub fn write(&mut self, mut content: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        while !content.is_empty() {
            let room = PIECE_BYTES - self.waiting.len();
            let (piece, rest) = content.split_at(room.min(content.len()));
            self.waiting.extend_from_slice(piece);
            content = rest;
            if self.waiting.len() == PIECE_BYTES {
                self.compress(out)?;
            }
        }
        Ok(())
    }

    /// Ends the data, and says what a header in front of it must say.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Member, StreamError> {
        self.compress(out)?;
        let mut status = Status::Ok;
        while status != Status::StreamEnd {
            out.reserve(ROOM_BYTES);
            status = self.deflate.compress_vec(&[], out, FlushCompress::Finish)?;
        }
        let entry = Entry {
            name: self.name,
            offset: 0,
            compressed: self.deflate.total_out(),
            uncompressed: self.deflate.total_in(),
            crc32: self.crc32.finalize(),
            method: Method::Deflate,
            modified: self.modified,
        };
        Ok(Member { entry, sha256: hex(&self.sha256.finalize()), records: 0 })
    }

    fn compress(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.crc32.update(&self.waiting);
        self.sha256.update(&self.waiting);
        let (from, mut taken) = (self.deflate.total_in(), 0);
        while taken < self.waiting.len() {
            out.reserve(ROOM_BYTES);
            self.deflate.compress_vec(&self.waiting[taken..], out, FlushCompress::None)?;
            taken = usize::try_from(self.deflate.total_in() - from).unwrap_or(usize::MAX);
        }
        self.waiting.clear();
        Ok(())
    }
}

/// The content is personal data.
impl fmt::Debug for StreamedMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedMember").field("bytes", &self.deflate.total_in()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::{Cursor, Read};

    use super::*;
    use crate::{SegmentWriter, central_directory};

    type Checked = Result<(), Box<dyn Error>>;

    fn content(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| if at % 7 == 0 { (at / 97) as u8 } else { b'a' + (at % 5) as u8 }).collect()
    }

    fn streamed(content: &[u8], pieces: usize) -> Result<(Member, Vec<u8>), Box<dyn Error>> {
        let (mut member, mut out) = (StreamedMember::new("large.bin", DosTime::EARLIEST)?, Vec::new());
        for piece in content.chunks(pieces) {
            member.write(piece, &mut out)?;
        }
        Ok((member.finish(&mut out)?, out))
    }

    #[test]
    fn the_same_content_gives_the_same_bytes_whatever_pieces_it_comes_in() -> Checked {
        let content = content(3 * PIECE_BYTES + 17);
        let whole = streamed(&content, content.len())?;
        for pieces in [1_000, PIECE_BYTES, PIECE_BYTES + 1] {
            assert_eq!(streamed(&content, pieces)?, whole, "{pieces}");
        }
        Ok(())
    }

    #[test]
    fn a_streamed_member_and_those_behind_it_open_in_a_reader_of_others() -> Checked {
        for bytes in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 5] {
            let content = content(bytes);
            let (Member { entry, .. }, data) = streamed(&content, 10_000)?;
            let mut archive = entry.local_header();
            archive.extend(data);
            assert_eq!(archive.len() as u64, entry.local_bytes());
            let mut behind = SegmentWriter::behind(DosTime::EARLIEST, archive.len() as u64);
            let second = behind.add("small.jsonl", b"{}\n", 1)?.entry;
            archive.extend(behind.finish());
            let end = archive.len() as u64;
            archive.extend(central_directory([(&entry, entry.offset), (&second, second.offset)], end));
            let mut zip = zip::ZipArchive::new(Cursor::new(archive))?;
            let mut read = Vec::new();
            zip.by_name("large.bin")?.read_to_end(&mut read)?;
            assert_eq!(read, content);
            let mut text = String::new();
            zip.by_name("small.jsonl")?.read_to_string(&mut text)?;
            assert_eq!(text, "{}\n");
        }
        Ok(())
    }
}
