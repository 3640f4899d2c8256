use serde::{Deserialize, Serialize};

use crate::Key;

/// Where a walk through a subject's records in one source goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Which of the source's `find` rules.
    pub find: usize,
    /// Which of the person's ids, as the plan has listed them.
    #[serde(default, skip_serializing_if = "is_first")]
    pub id: usize,
    /// After which record of the rule's own query; for a rule that goes through
    /// another source, after which record there. A key and not a position:
    /// records may come and go between two steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Key>,
    /// For a rule that goes through another source: after which of the records
    /// that one there has led to. `after` stands behind that one already, and is
    /// none where it was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led_to: Option<Key>,
}

fn is_first(id: &usize) -> bool {
    *id == 0
}
