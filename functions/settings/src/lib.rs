//! `GET` and `PATCH` of `/v1/settings/account` and `/v1/settings/me`, and
//! `GET /v1/me`: shows and changes what an account and its people have chosen.

mod me;

use std::time::Duration;

use chrono::{DateTime, Utc};
use habeas_domain::{
    Action, EmailAddress, Offer, Problem, Revision, Settings, SettingsPatch, Standing, StoreError, may,
};
use habeas_lambda::{Call, Fault, IfMatch, Reply, TellOfConsent, caller, chain, pause};
use serde_json::Value;
use tokio::time::timeout;

pub use me::me;

/// How often a change is tried that others of the same account overtake. Each
/// time the one who was first has made theirs.
const ATTEMPTS_MAX: u32 = 12;

/// When a change that lost to others is worth another try.
const RETRY_SECONDS: u32 = 1;

/// The change is made; nobody waits longer than this for its mails.
const TELL_MAX: Duration = Duration::from_secs(2);

/// The ports that settings take.
#[derive(Debug)]
pub struct SettingsApi<S, T> {
    pub settings: S,
    pub consent: T,
    pub offer: Offer,
}

/// Whose settings a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Account,
    Oneself,
}

impl<S: Settings, T: TellOfConsent> SettingsApi<S, T> {
    /// Answers a call by its route.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        match call.route() {
            "GET /v1/me" => self.show(call, me).await,
            "GET /v1/settings/account" => self.show_settings(call, Of::Account).await,
            "GET /v1/settings/me" => self.show_settings(call, Of::Oneself).await,
            "PATCH /v1/settings/account" => self.change(call, Of::Account, now).await,
            _ => self.change(call, Of::Oneself, now).await,
        }
    }

    async fn show(&self, call: &Call, view: impl Fn(&Standing) -> Value) -> Result<Reply, Fault> {
        let standing = self.standing(&caller(call)?).await?;
        call.only_queries(&[])?;
        Ok(Reply::ok(view(&standing)))
    }

    async fn show_settings(&self, call: &Call, of: Of) -> Result<Reply, Fault> {
        let standing = self.standing(&caller(call)?).await?;
        of.may_see(&standing)?;
        call.only_queries(&[])?;
        Ok(Reply::ok(self.view(of, &standing)).with_version(of.version(&standing)))
    }

    /// Changes settings on the condition of the version that the caller has
    /// seen. Whoever changes others of the same account meanwhile is no
    /// obstacle: the change is looked at again as things are then.
    async fn change(&self, call: &Call, of: Of, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let caller = caller(call)?;
        let mut standing = self.standing(&caller).await?;
        of.may_see(&standing)?;
        call.only_queries(&[])?;
        let patch = SettingsPatch::parse(&call.merge_patch()?)?;
        let seen = call.if_match()?;
        for attempt in 0..ATTEMPTS_MAX {
            let revision = match self.revision(of, &standing, &patch, &seen, now) {
                Ok(Some(revision)) => revision,
                Ok(None) => return Ok(Reply::unchanged().with_version(of.version(&standing))),
                Err(Refusal::Stale) => {
                    let stale = Problem::stale(self.view(of, &standing));
                    return Ok(Reply::problem(&stale).with_version(of.version(&standing)));
                }
                Err(Refusal::Problem(problem)) => return Err(problem.into()),
            };
            match self.settings.revise(&revision).await {
                Ok(()) => return Ok(self.changed(of, standing, revision).await),
                Err(StoreError::Conflict) => pause(attempt).await,
                Err(fault) => return Err(fault.into()),
            }
            standing = self.standing(&caller).await?;
            of.may_see(&standing)?;
        }
        tracing::info!(account = %standing.account.id, "a change lost to others too often");
        Ok(Reply::problem(&Problem::busy()).with_retry_after(RETRY_SECONDS))
    }

    fn revision(
        &self,
        of: Of,
        standing: &Standing,
        patch: &SettingsPatch,
        seen: &IfMatch,
        now: DateTime<Utc>,
    ) -> Result<Option<Revision>, Refusal> {
        if !seen.names(of.version(standing)) {
            return Err(Refusal::Stale);
        }
        let revision = match of {
            Of::Account => standing.change_account(patch, &self.offer, now),
            Of::Oneself => standing.change_own(patch, &self.offer.terms, now),
        };
        revision.map_err(Refusal::Problem)
    }

    /// The entry waits in the table until everybody concerned has been told;
    /// this is only sooner.
    async fn changed(&self, of: Of, standing: Standing, revision: Revision) -> Reply {
        if revision.entry.is_about_consent() {
            let (account, entry) = (&revision.entry.account, revision.entry.number);
            match timeout(TELL_MAX, self.consent.entry(&revision.entry)).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => {
                    tracing::warn!(%account, entry, error = chain(&fault), "mails left to the schedule");
                }
                Err(_) => tracing::warn!(%account, entry, "mails left to the schedule: no answer in time"),
            }
        }
        let now = standing.after(revision);
        Reply::ok(self.view(of, &now)).with_version(of.version(&now))
    }

    async fn standing(&self, caller: &EmailAddress) -> Result<Standing, Fault> {
        let standing = self.settings.standing(caller).await?;
        Ok(standing.ok_or_else(Problem::unknown_member)?)
    }

    fn view(&self, of: Of, standing: &Standing) -> Value {
        match of {
            Of::Account => standing.account_view(&self.offer),
            Of::Oneself => standing.own_view(),
        }
    }
}

enum Refusal {
    /// The caller has not seen what is there now.
    Stale,
    Problem(Problem),
}

impl Of {
    fn may_see(self, standing: &Standing) -> Result<(), Problem> {
        let action = match self {
            Self::Account => Action::SeeAccountSettings,
            Self::Oneself => Action::SeeOwnSettings,
        };
        Ok(may(standing.member.role, action)?)
    }

    fn version(self, standing: &Standing) -> u64 {
        match self {
            Self::Account => standing.settings.version,
            Self::Oneself => standing.own.version,
        }
    }
}
