use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::Execution;
use habeas_domain::{Digest, Relocation, StoreError};
use serde_json::json;

use crate::{Done, Sweep, again_after};

/// An execution that runs is looked at again after this time.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// Letters of a digest that tell accounts apart in names of executions.
const DIGEST_CHARS: usize = 32;

impl Sweep {
    /// Starts the move of an account's archives, and starts it again where it
    /// broke off: at once, and then at growing intervals.
    pub(crate) async fn moving(
        &self,
        relocation: &Relocation,
        now: DateTime<Utc>,
    ) -> Result<Done, StoreError> {
        let mut relocation = relocation.clone();
        match self.relocations.execution(&execution_name(&relocation)).await? {
            Execution::Running => {
                return self.look_at(&relocation, now + LOOK_AGAIN).await.map(|()| Done::NothingToDo);
            }
            Execution::NeverStarted => {}
            Execution::Ended | Execution::Stopped | Execution::Silent => {
                relocation.broken_off += 1;
                tracing::warn!(account = %relocation.account, times = relocation.broken_off, "a move broke off");
            }
        }
        // First the row: where two sweeps are at it, they start the same execution.
        self.look_at(&relocation, now + again_after(now - relocation.started_at)).await?;
        let input = json!({ "account": relocation.account, "entry": relocation.entry });
        self.relocations.start_named(&execution_name(&relocation), &input).await?;
        Ok(Done::Moving)
    }

    /// What a later change has taken the place of needs no other look.
    async fn look_at(&self, relocation: &Relocation, at: DateTime<Utc>) -> Result<(), StoreError> {
        match self.table.look_at_relocation(relocation, at).await {
            Err(StoreError::Conflict) => Ok(()),
            written => written,
        }
    }
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
