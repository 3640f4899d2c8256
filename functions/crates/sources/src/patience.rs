use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use habeas_domain::StoreError;
use tokio::time::timeout;

use crate::{Pace, Source, SourceError};

/// How often a source is asked that does not answer, besides the SDK's own
/// attempts. What lasts longer than these is for the workflow to wait for.
const RETRIES_MAX: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Asks a source, not for longer than its pace allows, and again where it refuses
/// to answer, with pauses of random length.
pub(crate) async fn ask<T, F>(source: &Source, call: impl Fn() -> F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    ask_within(&source.name, source.pace, call).await
}

/// The same of what is no source of its own.
pub(crate) async fn ask_within<T, F>(name: &str, pace: Pace, call: impl Fn() -> F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let within = pace.answer_within;
    let attempt = || async {
        // On the heap: whoever waits for a call of the SDK would be as large as it.
        timeout(within, Box::pin(call())).await.map_or(Err(Fault::Late), |answer| answer.map_err(Fault::Of))
    };
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(PAUSE_MAX)
        .with_max_times(RETRIES_MAX)
        .with_jitter();
    let asked = attempt.retry(pauses).when(|fault| matches!(fault, Fault::Of(StoreError::Unavailable(_))));
    asked.await.map_err(|fault| match fault {
        Fault::Of(cause) => SourceError::of(name, cause),
        Fault::Late => {
            SourceError::of(name, StoreError::Unavailable(format!("no answer within {within:?}").into()))
        }
    })
}

/// Who has been waited for in vain is not asked again here: there would be no
/// time left for it.
enum Fault {
    Of(StoreError),
    Late,
}
