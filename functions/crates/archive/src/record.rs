//! What the local and the central header of a member have in common, and how
//! ZIP says "too big for this field, see Zip64". Section numbers are APPNOTE's.

use crate::entry::Entry;

/// APPNOTE 4.4.3: deflate and folders need 2.0.
pub(crate) const VERSION_DEFLATE: u16 = 20;
/// APPNOTE 4.4.3: Zip64 extensions need 4.5.
pub(crate) const VERSION_ZIP64: u16 = 45;
/// APPNOTE 4.4.4, bit 11: the name is UTF-8.
const FLAG_UTF8: u16 = 1 << 11;
/// APPNOTE 4.5.3: the header id of the Zip64 extra field.
const EXTRA_ZIP64: u16 = 0x0001;
/// A field of four bytes holding this value refers to Zip64, so it is no size.
const MARKER_32: u64 = u32::MAX as u64;

/// Little-endian output, as every number in a ZIP.
pub(crate) trait Put {
    fn put16(&mut self, value: u16);
    fn put32(&mut self, value: u32);
    fn put64(&mut self, value: u64);
}

impl Put for Vec<u8> {
    fn put16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }
}

/// Whether a number needs Zip64 where the format first gave it four bytes.
pub(crate) fn needs_zip64(value: u64) -> bool {
    value >= MARKER_32
}

/// The number, or the marker that refers to Zip64.
pub(crate) fn field32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The number, or the marker that refers to Zip64.
pub(crate) fn field16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// A Zip64 extra field of these numbers, or nothing at all when there is none.
pub(crate) fn zip64_extra(values: &[u64]) -> Vec<u8> {
    let mut extra = Vec::new();
    if !values.is_empty() {
        extra.put16(EXTRA_ZIP64);
        extra.put16(field16(8 * values.len() as u64));
        values.iter().for_each(|value| extra.put64(*value));
    }
    extra
}

/// The fields from "version needed" to "extra field length", which are the same
/// in both headers, given the sizes as that header has to write them.
pub(crate) fn shared_fields(
    out: &mut Vec<u8>,
    entry: &Entry,
    compressed: u32,
    uncompressed: u32,
    extra: &[u8],
) {
    out.put16(if extra.is_empty() { VERSION_DEFLATE } else { VERSION_ZIP64 });
    out.put16(FLAG_UTF8);
    out.put16(entry.method.code());
    out.put16(entry.modified.time());
    out.put16(entry.modified.date());
    out.put32(entry.crc32);
    out.put32(compressed);
    out.put32(uncompressed);
    out.put16(field16(entry.name.len() as u64));
    out.put16(field16(extra.len() as u64));
}
