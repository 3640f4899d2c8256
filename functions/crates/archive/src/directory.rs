use crate::entry::Entry;
use crate::record::{
    Put, VERSION_DEFLATE, VERSION_ZIP64, field16, field32, needs_zip64, shared_fields, zip64_extra,
};

/// APPNOTE 4.3.12.
const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
/// APPNOTE 4.3.14.
const ZIP64_END_SIGNATURE: u32 = 0x0606_4b50;
/// APPNOTE 4.3.15.
const ZIP64_LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
/// APPNOTE 4.3.16.
const END_SIGNATURE: u32 = 0x0605_4b50;
/// APPNOTE 4.3.14.1: the record's size without its signature and this field.
const ZIP64_END_BYTES: u64 = 44;
/// APPNOTE 4.4.2: made on Unix, so that the attributes below are understood.
const MADE_ON_UNIX: u16 = 3 << 8;
/// A regular file that its owner may write and everybody may read.
const REGULAR_FILE: u32 = 0o100_644 << 16;
/// The largest count the end record can say without Zip64.
const ENTRIES_MAX: u64 = u16::MAX as u64 - 1;

/// The central directory with its end records, to stand at `directory_offset`
/// of the archive.
///
/// Each entry comes with the offset of its local header from the archive's
/// start. Readers list members in this order, whatever the order of the data.
pub fn central_directory<'a>(
    entries: impl IntoIterator<Item = (&'a Entry, u64)>,
    directory_offset: u64,
) -> Vec<u8> {
    let mut directory = Vec::new();
    let mut count = 0;
    for (entry, offset) in entries {
        central_header(&mut directory, entry, offset);
        count += 1;
    }
    end_records(&mut directory, count, directory_offset);
    directory
}

fn central_header(out: &mut Vec<u8>, entry: &Entry, offset: u64) {
    // APPNOTE 4.5.3: in this order, and only those whose own field cannot hold them.
    let large: Vec<u64> = [entry.uncompressed, entry.compressed, offset]
        .into_iter()
        .filter(|value| needs_zip64(*value))
        .collect();
    let extra = zip64_extra(&large);
    let version = if extra.is_empty() { VERSION_DEFLATE } else { VERSION_ZIP64 };
    out.put32(CENTRAL_SIGNATURE);
    out.put16(MADE_ON_UNIX | version);
    shared_fields(out, entry, field32(entry.compressed), field32(entry.uncompressed), &extra);
    out.put16(0); // comment length
    out.put16(0); // disk number
    out.put16(0); // internal attributes
    out.put32(REGULAR_FILE);
    out.put32(field32(offset));
    out.extend_from_slice(entry.name.as_str().as_bytes());
    out.extend_from_slice(&extra);
}

fn end_records(out: &mut Vec<u8>, count: u64, offset: u64) {
    let bytes = out.len() as u64;
    if count > ENTRIES_MAX || needs_zip64(bytes) || needs_zip64(offset) {
        out.put32(ZIP64_END_SIGNATURE);
        out.put64(ZIP64_END_BYTES);
        out.put16(MADE_ON_UNIX | VERSION_ZIP64);
        out.put16(VERSION_ZIP64);
        out.put32(0); // this disk
        out.put32(0); // the directory's disk
        out.put64(count);
        out.put64(count);
        out.put64(bytes);
        out.put64(offset);

        out.put32(ZIP64_LOCATOR_SIGNATURE);
        out.put32(0); // the record's disk
        out.put64(offset + bytes);
        out.put32(1); // disks
    }
    out.put32(END_SIGNATURE);
    out.put16(0); // this disk
    out.put16(0); // the directory's disk
    out.put16(field16(count));
    out.put16(field16(count));
    out.put32(field32(bytes));
    out.put32(field32(offset));
    out.put16(0); // comment length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Method;
    use crate::member_name::{BadName, MemberName};
    use crate::time::DosTime;

    const FOUR_GIB: u64 = 1 << 32;

    fn entry(compressed: u64, uncompressed: u64) -> Result<Entry, BadName> {
        Ok(Entry {
            name: MemberName::new("a")?,
            offset: 0,
            compressed,
            uncompressed,
            crc32: 0,
            method: Method::Deflate,
            modified: DosTime::EARLIEST,
        })
    }

    #[test]
    fn a_small_archive_needs_no_zip64() -> Result<(), BadName> {
        let directory = central_directory([(&entry(3, 5)?, 7)], 100);
        assert_eq!(directory.len(), 46 + 1 + 22);
        assert_eq!(directory[4..8], [20, 3, 20, 0]);
        assert_eq!(directory[38..42], [0, 0, 0xa4, 0x81]);
        assert_eq!(directory[42..46], [7, 0, 0, 0]);
        assert_eq!(directory[47 + 8..47 + 20], [1, 0, 1, 0, 47, 0, 0, 0, 100, 0, 0, 0]);
        Ok(())
    }

    #[test]
    fn only_what_does_not_fit_moves_to_zip64() -> Result<(), BadName> {
        let directory = central_directory([(&entry(3, 5)?, FOUR_GIB)], 100);
        assert_eq!(directory[4..8], [45, 3, 45, 0]);
        assert_eq!(directory[20..28], [3, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(directory[42..46], [0xff; 4]);
        assert_eq!(directory[47..51], [1, 0, 8, 0]);
        assert_eq!(directory[51..59], FOUR_GIB.to_le_bytes());
        assert_eq!(directory.len(), 59 + 22);

        let directory = central_directory([(&entry(3, FOUR_GIB)?, FOUR_GIB + 1)], 100);
        assert_eq!(directory[20..28], [3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(directory[47..51], [1, 0, 16, 0]);
        assert_eq!(directory[51..59], FOUR_GIB.to_le_bytes());
        assert_eq!(directory[59..67], (FOUR_GIB + 1).to_le_bytes());
        Ok(())
    }

    #[test]
    fn a_value_equal_to_the_marker_moves_too() -> Result<(), BadName> {
        let marker = u64::from(u32::MAX);
        let below = central_directory([(&entry(3, 5)?, marker - 1)], marker - 1);
        assert_eq!(below.len(), 47 + 22);
        let at = central_directory([(&entry(3, 5)?, marker)], marker);
        assert_eq!(at.len(), 47 + 12 + 56 + 20 + 22);
        Ok(())
    }

    #[test]
    fn a_directory_past_four_gib_is_found_through_its_locator() -> Result<(), BadName> {
        let directory = central_directory([(&entry(3, 5)?, 0)], 7 * FOUR_GIB);
        let (end, locator) = (&directory[47..103], &directory[103..123]);
        assert_eq!(end[..12], [0x50, 0x4b, 6, 6, 44, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(end[24..32], 1u64.to_le_bytes());
        assert_eq!(end[40..48], 47u64.to_le_bytes());
        assert_eq!(end[48..56], (7 * FOUR_GIB).to_le_bytes());
        assert_eq!(locator[8..16], (7 * FOUR_GIB + 47).to_le_bytes());
        assert_eq!(directory[123 + 16..123 + 20], [0xff; 4]);
        Ok(())
    }

    #[test]
    fn the_count_that_is_the_marker_needs_zip64() -> Result<(), BadName> {
        let entry = entry(0, 0)?;
        let directory = |count| central_directory(std::iter::repeat_n((&entry, 0), count), 0);
        assert_eq!(directory(65_534).len(), 65_534 * 47 + 22);
        assert_eq!(directory(65_535).len(), 65_535 * 47 + 56 + 20 + 22);
        Ok(())
    }
}
