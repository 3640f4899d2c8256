//! What every function needs: configuration, logs, HTTP calls and replies,
//! task errors with the names the state machine knows.

mod call;
mod config;
mod invoke;
mod known;
mod metrics;
mod moment;
mod reply;
mod signed_in;
mod task;
mod telemetry;
mod terms;
mod tick;

pub use call::{Body, Call, IfMatch};
pub use config::{BadVariable, number, table};
pub use invoke::{Function, Tell, TellOfConsent};
pub use known::known_people;
pub use metrics::{Metric, emit};
pub use moment::{deadline, hold_stamp, now, pause, stamp};
pub use reply::{Fault, Reply, serve_http};
pub use signed_in::{caller, signed_in, signed_in_for};
pub use task::{TaskError, names, serve_task};
pub use telemetry::{StartError, chain, init};
pub use terms::published_terms;
pub use tick::Tick;

pub use lambda_runtime::LambdaEvent;
