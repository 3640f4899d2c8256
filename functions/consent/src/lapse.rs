use std::time::Instant;

use futures::{StreamExt, stream};
use habeas_domain::{AccountId, Revision, Settings, StoreError, lapse};
use habeas_lambda::{chain, pause};

use crate::{AT_A_TIME, Consents, Done};

/// How often an account is tried whose people change something meanwhile.
const ATTEMPTS_MAX: u32 = 12;

impl Consents {
    /// Writes down which consents have lapsed with the terms that they were
    /// given to. Nobody waits for it: a decision looks at the terms itself.
    pub(crate) async fn lapse_all(&self, deadline: Instant) -> Result<Done, StoreError> {
        let mut done = Done::default();
        let mut after = None;
        loop {
            let page = self.table.consenting(after).await?;
            done.leave(page.unreadable, "settings with a consent not readable");
            let lapsing = page.rows.iter().filter(|row| row.settings.lapsing(&self.terms).next().is_some());
            let looks = stream::iter(lapsing).map(async |row| (&row.account, self.lapse(&row.account).await));
            let mut looks = std::pin::pin!(looks.buffer_unordered(AT_A_TIME));
            while let Some((account, lapsed)) = looks.next().await {
                done.count(account, lapsed);
            }
            after = page.next;
            if after.is_none() {
                return Ok(done);
            }
            if Instant::now() >= deadline {
                done.leave(1, "accounts with a consent left to the next run");
                return Ok(done);
            }
        }
    }

    async fn lapse(&self, account: &AccountId) -> Result<Done, StoreError> {
        for attempt in 0..ATTEMPTS_MAX {
            let Some(house) = self.table.household(account).await? else {
                return Ok(Done::default());
            };
            let Some(revision) =
                lapse(&house.account, &house.settings, &house.head, &self.terms, (self.clock)())
            else {
                return Ok(Done::default());
            };
            match self.table.revise(&revision).await {
                Ok(()) => return Ok(Done { lapsed: 1, told: self.tell_of(&revision).await, left: 0 }),
                Err(StoreError::Conflict) => pause(attempt).await,
                Err(fault) => return Err(fault),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Whom nobody could tell just now, the next run tells.
    async fn tell_of(&self, revision: &Revision) -> u32 {
        match self.tell(&revision.sealed).await {
            Ok(()) => 1,
            Err(fault) => {
                let account = &revision.entry.account;
                tracing::warn!(%account, error = chain(&fault), "mails about a lapse left to the next run");
                0
            }
        }
    }
}
