use habeas_domain::Digest;
use habeas_sources::Target;
use serde::{Deserialize, Serialize};

/// What one step of a unit found of a person to be deleted: keys and keyed
/// digests, no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    pub unit: String,
    pub step: u32,
    pub last: bool,
    pub targets: Vec<Listed>,
}

/// A target, and which of the unit's tasks found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub task: usize,
    pub target: Target,
    /// What stands for it in the receipt.
    pub digest: Digest,
}
