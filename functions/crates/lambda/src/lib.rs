//! What every function needs: configuration, logs, HTTP calls and replies,
//! task errors with the names the state machine knows.

mod call;
mod config;
mod invoke;
mod metrics;
mod moment;
mod reply;
mod signed_in;
mod task;
mod telemetry;

pub use call::{Body, Call};
pub use config::{BadVariable, number, table};
pub use invoke::{Function, Tell};
pub use metrics::{Metric, emit};
pub use moment::{deadline, now, stamp};
pub use reply::{Fault, Reply, serve_http};
pub use signed_in::{caller, signed_in, signed_in_for};
pub use task::{TaskError, names, serve_task};
pub use telemetry::{StartError, chain, init};

pub use lambda_runtime::LambdaEvent;
