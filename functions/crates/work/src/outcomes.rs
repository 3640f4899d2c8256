use habeas_sources::Erased;
use serde::{Deserialize, Serialize};

/// What one step of erasing did with targets of a unit's inventory.
///
/// Written once for each step. Where a step died before it could write and was
/// done again, what the first attempt took counts as left: nobody can tell it
/// from what the product took in the meantime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    pub unit: String,
    pub step: u32,
    pub outcomes: Vec<Outcome>,
}

/// What became of a target, by where the inventory lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The step that listed it.
    pub inventory: u32,
    /// Its position in what that step listed.
    pub target: usize,
    pub became: Erased,
}
