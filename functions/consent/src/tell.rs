use std::time::Instant;

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use habeas_aws::{MailClaim, MailSlot, Unsent};
use habeas_domain::{EmailAddress, Entry, Sealed, StoreError};
use habeas_lambda::{Metric, TaskError, chain, emit, names};

use crate::{AT_A_TIME, Consents, Done, letter};

/// How long after a change the schedule leaves its mails to whoever was called at once.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// A mail that could not be sent for so long is given up.
const TELL_MAX: TimeDelta = TimeDelta::days(1);

impl Consents {
    /// Tells everybody who administers the account, each once. The entry stays
    /// in the queue until that is done, or given up.
    pub(crate) async fn tell(&self, sealed: &Sealed) -> Result<(), TaskError> {
        let entry = sealed.entry().map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The entry is not the one that was written.").because(error)
        })?;
        if !entry.is_about_consent() {
            return Err(TaskError::new(names::INCOMPLETE, "The entry is not about a consent."));
        }
        let told = self.tell_administrators(&entry).await;
        if let Err(fault) = told {
            let now = (self.clock)();
            if now - entry.at < TELL_MAX {
                return Err(fault);
            }
            let (account, number) = (&entry.account, entry.number);
            tracing::error!(%account, number, error = chain(&fault), "mails about a consent are given up");
            emit(now, &[(Metric::ConsentMailsGivenUp, 1)]);
        }
        Ok(self.table.told(&entry).await?)
    }

    /// One who cannot be told keeps nobody else from it.
    async fn tell_administrators(&self, entry: &Entry) -> Result<(), TaskError> {
        let people = self.table.administrators(&entry.account).await?;
        let sent = stream::iter(&people).map(|email| self.send(entry, email)).buffer_unordered(AT_A_TIME);
        sent.fold(Ok(()), async |all, one| all.and(one)).await
    }

    /// Tells of what whoever changed it could not have told.
    pub(crate) async fn tell_all(&self, deadline: Instant) -> Result<Done, StoreError> {
        let mut done = Done::default();
        let mut after = None;
        loop {
            let page = self.table.untold((self.clock)() - PATIENCE, after).await?;
            done.leave(page.unreadable, "entries about a consent not readable");
            for sealed in page.rows {
                if Instant::now() >= deadline {
                    done.leave(1, "mails about consents left to the next run");
                    return Ok(done);
                }
                match self.tell(&sealed).await {
                    Ok(()) => done.told += 1,
                    Err(fault) => {
                        done.left += 1;
                        let entry = sealed.entry().ok();
                        let account = entry.as_ref().map(|entry| entry.account.to_string());
                        let number = entry.map(|entry| entry.number);
                        tracing::error!(account, number, error = chain(&fault), "mails left to the next run");
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(done);
            }
        }
    }

    async fn send(&self, entry: &Entry, to: &EmailAddress) -> Result<(), TaskError> {
        let slot = MailSlot::about_entry(&entry.account, entry.number, to);
        // The clock is read for each mail: a claim must outlast its sending.
        match self.table.claim_mail(&slot, (self.clock)()).await? {
            MailClaim::Sent => return Ok(()),
            MailClaim::Theirs => {
                return Err(TaskError::new(names::UNAVAILABLE, "The mail is being sent just now."));
            }
            MailClaim::Ours => {}
        }
        let letter = letter(entry, &self.terms, self.language, &self.settings_url).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The mail cannot be written.").because(error)
        })?;
        match self.mailer.send(to, &letter, &[("occasion", "consent")]).await {
            Ok(message_id) => Ok(self.table.mark_mail(&slot, &message_id, (self.clock)()).await?),
            // Nobody has it: the next try need not wait for the claim's end.
            Err(Unsent::Refused(fault)) => {
                self.table.release_mail(&slot).await?;
                Err(fault.into())
            }
            Err(Unsent::Unknown(fault)) => Err(fault.into()),
        }
    }
}
