use habeas_domain::{AccountId, RequestId};
use habeas_sources::Part;
use serde::{Deserialize, Serialize};

/// The input of a task about a whole request.
#[derive(Debug, Clone, Deserialize)]
pub struct RequestInput {
    pub account: AccountId,
    pub request: RequestId,
}

/// One line of the plan: what one child of the Distributed Map does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub unit: String,
    pub tasks: Vec<UnitTask>,
}

/// Look for a person in a source. The person is a position in the request, so
/// that no address passes through the workflow's state and its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTask {
    pub subject: usize,
    pub source: String,
    /// Which part of a table that is read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// The input of a task about one unit: the first time without a cursor, then
/// with the one it returned. The unit itself stands in the plan.
#[derive(Debug, Clone, Deserialize)]
pub struct UnitInput<C> {
    pub account: AccountId,
    pub request: RequestId,
    pub unit: String,
    #[serde(default = "Option::default")]
    pub cursor: Option<C>,
    /// Why the step that the cursor stands before failed for good, in words for
    /// people: empty where only a service's own words are known.
    #[serde(default)]
    pub failed: Option<String>,
    /// Whether an attempt at this step came before, and failed or died.
    #[serde(default)]
    pub again: bool,
}

/// How far a task came with a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitOutput<C> {
    pub done: bool,
    pub cursor: C,
}
