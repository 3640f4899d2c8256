use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SubsecRound, Utc};
use habeas_domain::{HoldId, RequestId, Stamp};
use lambda_runtime::Context;
use uuid::{NoContext, Timestamp, Uuid};

/// Now, in whole seconds: times that are compared as texts have no fractions.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// The moment and the new id that filing a request takes. The id carries the
/// same moment, so that a day of the history is a range of ids.
#[must_use]
pub fn stamp() -> Stamp {
    let (id, at) = new_id();
    Stamp { id: RequestId::new(id), at }
}

/// The new id that placing a hold takes, and the moment of it.
#[must_use]
pub fn hold_stamp() -> (HoldId, DateTime<Utc>) {
    let (id, at) = new_id();
    (HoldId::new(id), at)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn new_id() -> (Uuid, DateTime<Utc>) {
    let at = Utc::now();
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    let moment = Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos());
    (Uuid::new_v7(moment), at.trunc_subsecs(0))
}

/// When an invocation has to stop taking on work, with `reserve` left to finish
/// what is under way.
#[must_use]
pub fn deadline(context: &Context, reserve: Duration) -> Instant {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
    Instant::now() + left.saturating_sub(reserve)
}

/// Waits a little before another attempt, a different time for everybody
/// (exponential backoff with full jitter).
pub async fn pause(attempt: u32) {
    const MILLIS_AT_FIRST: u64 = 10;
    const MILLIS_MAX: u64 = 500;
    let most = (MILLIS_AT_FIRST << attempt.min(6)).min(MILLIS_MAX);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=most))).await;
}
