//! What a call of each handler costs: calls of DynamoDB, capacity units, and
//! CPU time of the handler with the client of the SDK, on a table in memory.
#![expect(clippy::expect_used, reason = "a bench that cannot set its scene has nothing to measure")]

mod handlers;
mod scene;

pub use handlers::{Cost, Limit, handlers};
