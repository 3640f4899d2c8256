use habeas_domain::{AccountId, RequestId};
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
}

/// How far a task came with a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitOutput<C> {
    pub done: bool,
    pub cursor: C,
}
