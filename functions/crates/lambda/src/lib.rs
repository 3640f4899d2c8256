//! What every function needs: configuration, logs, HTTP calls and replies,
//! task errors with the names the state machine knows.

mod call;
mod config;
mod invoke;
mod moment;
mod reply;
mod signed_in;
mod task;
mod telemetry;

pub use call::Call;
pub use config::{BadVariable, number};
pub use invoke::{Function, Tell};
pub use moment::{deadline, now, stamp};
pub use reply::{Fault, Reply, serve_http};
pub use signed_in::signed_in;
pub use task::{TaskError, names, serve_task};
pub use telemetry::{StartError, chain, init};

pub use lambda_runtime::LambdaEvent;
