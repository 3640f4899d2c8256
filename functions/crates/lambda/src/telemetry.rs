use std::error::Error;
use std::fmt::Write as _;

use tracing_subscriber::EnvFilter;

/// Why a function could not start. Lambda shows it in the log.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Logs are JSON lines on standard output: ids, never bodies, addresses or links.
pub fn init() {
    let filter = EnvFilter::try_from_env("HABEAS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false)
        // CloudWatch stamps every line itself.
        .without_time()
        .with_env_filter(filter)
        .init();
}

/// An error and all its causes, in one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _written = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
