use crate::entry::Entry;
use crate::origin::Origin;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};

/// What was written into one segment of one work unit and what was found, stored as
/// JSON. The packager reads indexes only, never the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub contents: Contents,
}

/// What lies in a segment, and what was found to be written into it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// In the order in which they lie in the segment, without gaps.
    pub members: Vec<Entry>,
    /// What the manifest says of the members, by origin.
    pub rows: Vec<Rows>,
    pub found: Vec<Found>,
}

/// How much of a subject's data was found in a source, for this segment. Nothing
/// is written too: it is the proof that somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub origin: Origin,
    pub records: u64,
    /// Original files, not those that records are written to.
    pub files: u64,
}

impl SegmentIndex {
    /// Whether the members account for every byte of the segment.
    pub fn accounts_for_every_byte(&self) -> bool {
        let end = self.contents.members.iter().try_fold(0u64, |at, entry| {
            (entry.offset == at).then(|| at.checked_add(entry.local_bytes())).flatten()
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
            r#"{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 0, "contents": {
                "members": [], "rows": [], "found": [{
                    "origin": {"subject": "ana@amber.example", "data_type": "chat",
                               "collection": "chat_messages", "source": "chat"},
                    "records": 0, "files": 0}]}}"#,
        )?;
        assert!(index.accounts_for_every_byte());
        assert_eq!(index.contents.found[0].records, 0);
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
    fn a_member_whose_name_leads_elsewhere_is_refused() {
        let index = |name: &str| {
            format!(
                r#"{{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 31, "contents": {{
                    "members": [["{name}", 0, 0, 0, 0, "stored", [33, 0]]], "rows": [], "found": []}}}}"#
            )
        };
        assert!(serde_json::from_str::<SegmentIndex>(&index("a")).is_ok());
        let refused = serde_json::from_str::<SegmentIndex>(&index("../a")).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|why| why.contains("leads out")));
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let index = |contents: &str| {
            format!(
                r#"{{"unit": "u", "number": 1, "last": true, "key": "", "bytes": 0,
                    "contents": {{"members": [], "rows": [], "found": []{contents}}}}}"#
            )
        };
        assert!(serde_json::from_str::<SegmentIndex>(&index("")).is_ok());
        assert!(serde_json::from_str::<SegmentIndex>(&index(r#", "partial": true"#)).is_err());
    }
}
