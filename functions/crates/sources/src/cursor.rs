use serde::{Deserialize, Serialize};

use crate::Key;

/// Where a walk through a subject's records in one source goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Which of the source's `find` rules.
    pub find: usize,
    /// After which record of the rule's own query, or of the parent's for a
    /// rule that goes through one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Key>,
    /// For a rule that goes through a parent: how many parents of this page are done.
    #[serde(default)]
    pub parents: usize,
    /// For a rule that goes through a parent: after which of its children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Key>,
}
