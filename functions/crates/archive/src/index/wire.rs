use serde::{Deserialize, Serialize};

use super::{Contents, Found, SegmentIndex};
use crate::entry::{Entry, Method};
use crate::member_name::MemberName;
use crate::rows::Rows;
use crate::time::DosTime;

/// An index as it is stored. A member has no names of fields: an archive may have
/// a hundred thousand members, and reading them is most of what packaging it costs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    unit: String,
    number: u32,
    last: bool,
    key: String,
    bytes: u64,
    members: Vec<Header>,
    rows: Vec<Rows>,
    found: Vec<Found>,
}

/// Method, time, name, offset, bytes compressed and uncompressed, CRC-32.
#[derive(Serialize, Deserialize)]
struct Header(Method, DosTime, MemberName, u64, u64, u64, u32);

impl From<SegmentIndex> for Wire {
    fn from(index: SegmentIndex) -> Self {
        let SegmentIndex { unit, number, last, key, bytes, contents } = index;
        let Contents { members, rows, found } = contents;
        let members = members.into_iter().map(Header::from).collect();
        Self { unit, number, last, key, bytes, members, rows, found }
    }
}

impl From<Wire> for SegmentIndex {
    fn from(wire: Wire) -> Self {
        let Wire { unit, number, last, key, bytes, members, rows, found } = wire;
        let members = members.into_iter().map(Entry::from).collect();
        Self { unit, number, last, key, bytes, contents: Contents { members, rows, found } }
    }
}

impl From<Entry> for Header {
    fn from(entry: Entry) -> Self {
        let Entry { name, offset, compressed, uncompressed, crc32, method, modified } = entry;
        Self(method, modified, name, offset, compressed, uncompressed, crc32)
    }
}

impl From<Header> for Entry {
    fn from(header: Header) -> Self {
        let Header(method, modified, name, offset, compressed, uncompressed, crc32) = header;
        Self { name, offset, compressed, uncompressed, crc32, method, modified }
    }
}
