mod ports;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use habeas_domain::{
    Account, AccountId, AccountSettings, Answered, Digest, EmailAddress, EventKind, Filing, Member, Preview,
    Request, RequestId, SignedReceipt, Status, StoreError,
};

/// All ports in memory. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    members: Vec<(Member, Account)>,
    settings: BTreeMap<AccountId, AccountSettings>,
    requests: BTreeMap<RequestId, Request>,
    started: Vec<RequestId>,
    told: Vec<RequestId>,
    engine_down: bool,
    participants: Vec<(AccountId, EmailAddress)>,
    answers: BTreeMap<Digest, Answered>,
    twins: BTreeMap<Digest, Vec<RequestId>>,
    receipts: BTreeMap<RequestId, SignedReceipt>,
    previews: BTreeMap<(AccountId, Digest), Preview>,
    /// Applied to a request right before the next conditional write: the other
    /// side of a race.
    before_write: Option<(Status, EventKind)>,
    /// Filed right before the next filing.
    before_filing: Option<Filing>,
}

impl Held {
    fn member(&self, email: &EmailAddress) -> Option<Member> {
        self.members.iter().map(|(member, _)| member).find(|member| member.email == *email).cloned()
    }

    fn store(&mut self, filing: &Filing) {
        let request = filing.request.clone();
        self.twins.insert(filing.slots.twin.clone(), filing.twins());
        if let Some(slot) = filing.slots.answer.clone() {
            self.answers.insert(slot, filing.answered());
        }
        self.requests.insert(request.id, request);
    }

    /// A request as a conditional write finds it, after whoever was first. The
    /// write counts only where the timeline is as its writer saw it.
    fn for_write(&mut self, written: &Request) -> Result<&mut Request, StoreError> {
        let first = self.before_write.take();
        let stored = self.requests.get_mut(&written.id).ok_or(StoreError::Conflict)?;
        if let Some((status, event)) = first {
            let at = stored.created_at;
            *stored = Request { status, ..stored.clone() }.with_event(at, event, None, None);
        }
        if stored.timeline.head() == written.timeline.seen_head() {
            Ok(stored)
        } else {
            Err(StoreError::Conflict)
        }
    }
}

impl Memory {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn with_member(self, member: Member, account: Account) -> Self {
        self.held().members.push((member, account));
        self
    }

    /// What has been chosen for an account.
    #[must_use]
    pub fn with_settings(self, account: &str, settings: AccountSettings) -> Self {
        self.held().settings.insert(crate::account(account).id, settings);
        self
    }

    #[must_use]
    pub fn with_request(self, request: Request) -> Self {
        self.held().requests.insert(request.id, request);
        self
    }

    #[must_use]
    pub fn with_receipt(self, id: RequestId, signed: SignedReceipt) -> Self {
        self.held().receipts.insert(id, signed);
        self
    }

    /// Starting a workflow fails from now on.
    #[must_use]
    pub fn with_engine_down(self) -> Self {
        self.held().engine_down = true;
        self
    }

    /// Somebody without a login, of whom the account's data holds something.
    #[must_use]
    pub fn with_participant(self, account: &str, email: &EmailAddress) -> Self {
        let account = crate::account(account).id;
        self.held().participants.push((account, email.clone()));
        self
    }

    /// What somebody of an account has looked at.
    #[must_use]
    pub fn with_preview(self, account: &str, preview: Preview) -> Self {
        let account = crate::account(account).id;
        self.held().previews.insert((account, preview.digest.clone()), preview);
        self
    }

    /// Somebody else writes to the request right before the next write.
    #[must_use]
    pub fn losing_to(self, status: Status, event: EventKind) -> Self {
        self.held().before_write = Some((status, event));
        self
    }

    /// Somebody else files right before the next filing.
    #[must_use]
    pub fn filing_after(self, other: Filing) -> Self {
        self.held().before_filing = Some(other);
        self
    }

    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.held().requests.values().cloned().collect()
    }

    /// All that somebody has looked at, of whatever account.
    #[must_use]
    pub fn previews(&self) -> Vec<Preview> {
        self.held().previews.values().cloned().collect()
    }

    #[must_use]
    pub fn started(&self) -> Vec<RequestId> {
        self.held().started.clone()
    }

    #[must_use]
    pub fn told(&self) -> Vec<RequestId> {
        self.held().told.clone()
    }
}

#[cfg(test)]
mod tests;
