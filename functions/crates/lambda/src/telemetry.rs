use std::env;
use std::error::Error;
use std::fmt::Write as _;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Why a function could not start. Lambda shows it in the log.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Logs are JSON lines on standard output: ids, never bodies, addresses or links.
/// `HABEAS_LOG` has levels, of all or by target, such as `info,aws_sdk_s3=debug`.
pub fn init() {
    let levels = env::var("HABEAS_LOG").ok().and_then(|levels| levels.parse().ok());
    let levels = levels.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false)
        // CloudWatch stamps every line itself.
        .without_time();
    tracing_subscriber::registry().with(lines).with(levels).init();
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
