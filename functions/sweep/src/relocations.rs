use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::Execution;
use habeas_domain::{Digest, Relocation, StoreError};
use serde_json::json;

use crate::{Done, Sweep};

/// A move is looked at again after this time; one that broke off, after twice as
/// long each time.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(5);
const LOOK_AGAIN_MAX: TimeDelta = TimeDelta::hours(1);

/// Letters of a digest that tell accounts apart in names of executions.
const DIGEST_CHARS: usize = 32;

impl Sweep {
    /// Starts the move of an account's archives, and starts it again where it
    /// broke off.
    pub(crate) async fn moving(
        &self,
        relocation: &Relocation,
        now: DateTime<Utc>,
    ) -> Result<Done, StoreError> {
        let mut relocation = relocation.clone();
        let done = match self.relocations.execution(&execution_name(&relocation)).await? {
            Execution::Running => {
                return self.look_at(&relocation, now + LOOK_AGAIN).await.map(|()| Done::NothingToDo);
            }
            Execution::NeverStarted => Done::Moving,
            Execution::Ended | Execution::Stopped | Execution::Silent => {
                relocation.broken_off += 1;
                tracing::warn!(account = %relocation.account, times = relocation.broken_off, "a move broke off");
                Done::MovingAgain
            }
        };
        // First the row: where two sweeps are at it, they start the same execution.
        self.look_at(&relocation, now + look_again_after(relocation.broken_off)).await?;
        let input = json!({ "account": relocation.account, "entry": relocation.entry });
        self.relocations.start_named(&execution_name(&relocation), &input).await?;
        Ok(done)
    }

    /// What a later change has taken the place of needs no other look.
    async fn look_at(&self, relocation: &Relocation, at: DateTime<Utc>) -> Result<(), StoreError> {
        match self.table.look_at_relocation(relocation, at).await {
            Err(StoreError::Conflict) => Ok(()),
            written => written,
        }
    }
}

fn look_again_after(broken_off: u32) -> TimeDelta {
    (LOOK_AGAIN * 2_i32.pow(broken_off.min(8))).min(LOOK_AGAIN_MAX)
}

/// Ids of accounts hold characters that names of executions may not.
fn execution_name(relocation: &Relocation) -> String {
    let account = Digest::of(relocation.account.as_str());
    let account = account.as_str().get(..DIGEST_CHARS).unwrap_or_default();
    format!("{account}-{}-{}", relocation.entry, relocation.broken_off)
}

#[cfg(test)]
mod tests {
    use habeas_domain::Residency;
    use habeas_testkit::{account, at};

    use super::*;

    #[test]
    fn what_breaks_off_again_and_again_is_looked_at_every_hour() {
        let minutes = [0, 1, 2, 3, 4, 100].map(|times| look_again_after(times).num_minutes());
        assert_eq!(minutes, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn every_attempt_of_every_move_has_a_name_of_its_own() {
        let started = at("2026-01-05T10:00:00Z");
        let relocation = Relocation::begin(account("amber").id, Residency::Eea, 7, started);
        let again = Relocation { broken_off: 1, ..relocation.clone() };
        let later = Relocation { entry: 8, ..relocation.clone() };
        let other = Relocation { account: account("birch").id, ..relocation.clone() };
        let names = [&relocation, &again, &later, &other].map(execution_name);
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        let longest = Relocation { entry: 999_999_999_999, broken_off: u32::MAX, ..relocation };
        assert!(execution_name(&longest).len() <= 80);
    }
}
