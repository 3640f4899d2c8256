mod wire;

use crate::entry::Entry;
use crate::subject::Subject;
use serde::{Deserialize, Serialize};
use wire::Wire;

/// What was written into one segment of one work unit and what was found, stored as
/// JSON. The packager reads indexes only, never the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct SegmentIndex {
    /// The planned work unit.
    pub unit: String,
    /// Counted from 1 within the unit.
    pub number: u32,
    /// Whether the unit is done with this segment.
    pub last: bool,
    /// The segment's object key.
    pub key: String,
    /// The segment's size; 0 when there was nothing to write.
    pub bytes: u64,
    /// In the order in which they lie in the segment, without gaps.
    pub members: Vec<Member>,
    pub found: Vec<Found>,
}

/// A member, and whose data it is: the manifest never has to read that out of
/// a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub entry: Entry,
    pub subject: Subject,
    pub source: String,
    pub data_type: String,
    pub collection: String,
    pub kind: MemberKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberKind {
    /// Records as JSON Lines, as many as the entry says.
    Records,
    /// An original file, which holds no records.
    File,
}

/// How much of a subject's data was found in a source, for this segment. Nothing
/// is written too: it is the proof that somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub subject: Subject,
    pub source: String,
    pub data_type: String,
    pub collection: String,
    pub records: u64,
    /// Original files, not those that records are written to.
    pub files: u64,
}

impl SegmentIndex {
    /// Whether the members account for every byte of the segment.
    pub fn accounts_for_every_byte(&self) -> bool {
        let end = self.members.iter().try_fold(0u64, |at, member| {
            (member.entry.offset == at).then(|| at.checked_add(member.entry.local_bytes())).flatten()
        });
        end == Some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_nothing_found_is_still_an_index() -> Result<(), serde_json::Error> {
        let index: SegmentIndex = serde_json::from_str(
            r#"{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 0, "members": [],
                "found": [{"subject": "ana@amber.example", "source": "chat", "data_type": "chat",
                           "collection": "chat_messages", "records": 0, "files": 0}]}"#,
        )?;
        assert!(index.accounts_for_every_byte());
        assert_eq!(index.found[0].records, 0);
        Ok(())
    }

    #[test]
    fn an_index_survives_its_stored_form() -> Result<(), Box<dyn std::error::Error>> {
        for (index, _) in crate::fixture::segments()? {
            let stored = serde_json::to_string(&index)?;
            assert_eq!(serde_json::from_str::<SegmentIndex>(&stored)?, index);
        }
        Ok(())
    }

    #[test]
    fn a_member_of_nobody_is_refused() {
        let index = r#"{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 31, "found": [],
            "members": [[0, "file", "stored", "a", 0, 0, 0, 0, "", 0]]}"#;
        let refused = serde_json::from_str::<SegmentIndex>(index).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|why| why.contains("origin")));
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let index = r#"{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 0,
                        "members": [], "found": [], "partial": true}"#;
        assert!(serde_json::from_str::<SegmentIndex>(index).is_err());
    }
}
