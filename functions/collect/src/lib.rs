//! Reads a unit's sources: into fragments of the archive for an export, into an
//! inventory for a deletion.
//!
//! An invocation does one step: it goes on from a cursor until there is enough
//! for one object, or its time is nearly over. A step that runs twice writes
//! the same keys; what makes it count is its index, written last.

mod export;
mod inventory;

use std::time::Instant;

use habeas_domain::Kind;
use habeas_lambda::TaskError;
use habeas_work::{Ground, UnitInput, UnitOutput};
use serde::{Deserialize, Serialize};

/// Where in a unit the next step goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Which of the unit's tasks.
    pub task: usize,
    /// Where in the task's source.
    pub at: habeas_sources::Cursor,
    /// How many steps are done.
    pub step: u32,
    /// How many archive members the task's collection has so far.
    pub members: u32,
}

/// Does one step of a unit.
pub async fn collect(
    ground: &Ground,
    input: UnitInput<Cursor>,
    deadline: Instant,
) -> Result<UnitOutput<Cursor>, TaskError> {
    let request = ground.request(&input.account, input.request).await?;
    let cursor = input.cursor.unwrap_or_default();
    match request.kind {
        Kind::Export => export::step(ground, &request, &input.unit, cursor, deadline).await,
        Kind::Delete => inventory::step(ground, &request, &input.unit, cursor, deadline).await,
    }
}
