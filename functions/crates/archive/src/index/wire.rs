use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Found, Member, MemberKind, SegmentIndex};
use crate::entry::{Entry, Method};
use crate::member_name::MemberName;
use crate::subject::Subject;
use crate::time::DosTime;

/// An index as it is stored. What a member shares with others is written once,
/// and its row has no names of fields: an archive may have a hundred thousand
/// members, and reading their rows is most of what packaging it costs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    unit: String,
    number: u32,
    last: bool,
    key: String,
    bytes: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<Origin>,
    members: Vec<Row>,
    found: Vec<Found>,
}

/// Whose data members are, and of when: subject, source, data type, collection.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Origin(Subject, String, String, String, DosTime);

/// The position of the origin, then what is the member's own: kind, method, name,
/// offset, bytes compressed and uncompressed, CRC-32, SHA-256, records.
#[derive(Serialize, Deserialize)]
struct Row(usize, MemberKind, Method, MemberName, u64, u64, u64, u32, String, u64);

/// A row points to an origin that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a member's origin is not among those of the index")]
pub(super) struct NoOrigin;

impl From<SegmentIndex> for Wire {
    fn from(index: SegmentIndex) -> Self {
        let (mut origins, mut places) = (Vec::new(), HashMap::new());
        let rows = index.members.into_iter().map(|member| {
            let Member { entry, subject, source, data_type, collection, kind } = member;
            let origin = Origin(subject, source, data_type, collection, entry.modified);
            let place = *places.entry(origin).or_insert_with_key(|origin| {
                origins.push(origin.clone());
                origins.len() - 1
            });
            let Entry { name, offset, compressed, uncompressed, crc32, method, sha256, records, .. } = entry;
            Row(place, kind, method, name, offset, compressed, uncompressed, crc32, sha256, records)
        });
        let members = rows.collect();
        let SegmentIndex { unit, number, last, key, bytes, found, .. } = index;
        Self { unit, number, last, key, bytes, origins, members, found }
    }
}

impl TryFrom<Wire> for SegmentIndex {
    type Error = NoOrigin;

    fn try_from(wire: Wire) -> Result<Self, NoOrigin> {
        let Wire { unit, number, last, key, bytes, origins, members, found } = wire;
        let member = |row| {
            let Row(place, kind, method, name, offset, compressed, uncompressed, crc32, sha256, records) =
                row;
            let Origin(subject, source, data_type, collection, modified) =
                origins.get(place).cloned().ok_or(NoOrigin)?;
            let entry =
                Entry { name, offset, compressed, uncompressed, crc32, method, modified, sha256, records };
            Ok(Member { entry, subject, source, data_type, collection, kind })
        };
        let members = members.into_iter().map(member).collect::<Result<_, _>>()?;
        Ok(Self { unit, number, last, key, bytes, members, found })
    }
}
