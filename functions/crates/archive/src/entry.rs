use crate::member_name::MemberName;
use crate::record::{Put, field32, needs_zip64, shared_fields, zip64_extra};
use crate::time::DosTime;
use serde::{Deserialize, Serialize};

/// APPNOTE 4.3.7.
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
/// The fixed part of a local file header, signature included.
const LOCAL_FIXED_BYTES: u64 = 30;

/// One member as it lies in a segment: what the central directory will repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", from = "Wire")]
pub struct Entry {
    pub name: MemberName,
    /// Where the local file header begins, in bytes from the segment's start.
    pub offset: u64,
    /// Bytes of data as stored.
    pub compressed: u64,
    /// Bytes of data as unpacked.
    pub uncompressed: u64,
    pub crc32: u32,
    pub method: Method,
    pub modified: DosTime,
}

/// A member that was written: its entry, and what only the manifest says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub entry: Entry,
    /// Of the unpacked content, in lower-case hexadecimal.
    pub sha256: String,
    /// Records in the content, so that counts can be checked without reading it.
    pub records: u64,
}

/// An entry as an index has it, without names of fields: an archive may have a
/// hundred thousand members, and reading them is most of what packaging it costs.
#[derive(Serialize, Deserialize)]
struct Wire(MemberName, u64, u64, u64, u32, Method, DosTime);

impl From<Entry> for Wire {
    fn from(entry: Entry) -> Self {
        let Entry { name, offset, compressed, uncompressed, crc32, method, modified } = entry;
        Self(name, offset, compressed, uncompressed, crc32, method, modified)
    }
}

impl From<Wire> for Entry {
    fn from(wire: Wire) -> Self {
        let Wire(name, offset, compressed, uncompressed, crc32, method, modified) = wire;
        Self { name, offset, compressed, uncompressed, crc32, method, modified }
    }
}

/// How a member's data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    Stored,
    Deflate,
}

impl Method {
    /// APPNOTE 4.4.5.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflate => 8,
        }
    }
}

impl Entry {
    /// How many bytes of the segment belong to this member, header included.
    pub fn local_bytes(&self) -> u64 {
        let extra = self.local_extra().len() as u64;
        LOCAL_FIXED_BYTES + self.name.len() as u64 + extra + self.compressed
    }

    /// The local file header that stands in front of the member's data.
    pub fn local_header(&self) -> Vec<u8> {
        let extra = self.local_extra();
        let (compressed, uncompressed) = if extra.is_empty() {
            (field32(self.compressed), field32(self.uncompressed))
        } else {
            (u32::MAX, u32::MAX)
        };
        let mut header = Vec::new();
        header.put32(LOCAL_SIGNATURE);
        shared_fields(&mut header, self, compressed, uncompressed, &extra);
        header.extend_from_slice(self.name.as_str().as_bytes());
        header.extend_from_slice(&extra);
        header
    }

    /// APPNOTE 4.5.3: in a local header the Zip64 field has both sizes or none.
    fn local_extra(&self) -> Vec<u8> {
        if needs_zip64(self.uncompressed) || needs_zip64(self.compressed) {
            zip64_extra(&[self.uncompressed, self.compressed])
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member_name::BadName;

    fn entry(compressed: u64, uncompressed: u64) -> Result<Entry, BadName> {
        Ok(Entry {
            name: MemberName::new("a")?,
            offset: 0,
            compressed,
            uncompressed,
            crc32: 0x0102_0304,
            method: Method::Deflate,
            modified: DosTime::EARLIEST,
        })
    }

    #[test]
    fn a_header_says_its_sizes_before_the_data() -> Result<(), BadName> {
        let header = entry(7, 9)?.local_header();
        assert_eq!(header.len(), 31);
        assert_eq!(header[4..10], [20, 0, 0, 8, 8, 0]);
        assert_eq!(header[14..26], [4, 3, 2, 1, 7, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(entry(7, 9)?.local_bytes(), 38);
        Ok(())
    }

    #[test]
    fn a_size_of_four_gib_moves_both_sizes_to_zip64() -> Result<(), BadName> {
        let size = u64::from(u32::MAX);
        let header = entry(7, size)?.local_header();
        assert_eq!(header[4], 45);
        assert_eq!(header[18..26], [0xff; 8]);
        assert_eq!(header[31..35], [1, 0, 16, 0]);
        assert_eq!(header[35..43], size.to_le_bytes());
        assert_eq!(header[43..51], 7u64.to_le_bytes());
        assert_eq!(entry(7, size)?.local_bytes(), 58);
        assert_eq!(entry(7, size - 1)?.local_header().len(), 31);
        Ok(())
    }
}
