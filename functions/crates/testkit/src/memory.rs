use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use habeas_domain::{
    Account, AccountId, AccountSettings, Answered, Archive, Archives, Cursor, Digest, Directory,
    EmailAddress, EventKind, Executions, Filing, Filter, Guards, Member, Page, Participants, Preview,
    Previews, ReceiptKey, Receipts, Request, RequestId, Requests, SignedReceipt, Slots, Status, StoreError,
};
use habeas_lambda::Tell;

/// The timeline that the table holds at most, as the table's own condition says.
const TIMELINE_EVENTS_MAX: usize = 900;

/// The public key that receipts are checked with in tests. Nobody has the other half.
const RECEIPT_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs0sthPR7QKs/+p3g2K8aQjVRUMmY
Ez69Ki7soawkiIcYn9pkvWkU7tXy5MfRBVEUVnvb3UDc58wmXYDToYzBtA==
-----END PUBLIC KEY-----
";

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

impl Directory for Memory {
    async fn member(&self, email: &EmailAddress) -> Result<Option<Member>, StoreError> {
        Ok(self.held().member(email))
    }

    async fn member_and(
        &self,
        email: &EmailAddress,
        people: &[EmailAddress],
    ) -> Result<Option<(Member, Vec<EmailAddress>)>, StoreError> {
        let held = self.held();
        let Some(member) = held.member(email) else { return Ok(None) };
        let members = held.members.iter().map(|(other, _)| other);
        let here = members.filter(|other| other.account == member.account).map(|other| other.email.clone());
        let known = here.filter(|other| people.contains(other)).collect();
        Ok(Some((member, known)))
    }
}

impl Participants for Memory {
    async fn found(
        &self,
        account: &AccountId,
        people: &[EmailAddress],
    ) -> Result<Vec<EmailAddress>, StoreError> {
        let held = self.held();
        let here = held.participants.iter().filter(|(of, _)| of == account).map(|(_, email)| email);
        Ok(here.filter(|email| people.contains(email)).cloned().collect())
    }
}

impl Requests for Memory {
    async fn guards(&self, account: &AccountId, slots: &Slots) -> Result<Guards, StoreError> {
        let held = self.held();
        let guards = Guards {
            account: held.members.iter().map(|(_, of)| of).find(|of| of.id == *account).cloned(),
            settings: held.settings.get(account).cloned().unwrap_or_default(),
            answered: slots.answer.as_ref().and_then(|slot| held.answers.get(slot).cloned()),
            twins: held.twins.get(&slots.twin).cloned().unwrap_or_default(),
            preview: slots
                .preview
                .as_ref()
                .and_then(|digest| held.previews.get(&(account.clone(), digest.clone())).cloned()),
        };
        Ok(guards)
    }

    async fn file(&self, filing: &Filing) -> Result<(), StoreError> {
        let mut held = self.held();
        if let Some(other) = held.before_filing.take() {
            held.store(&other);
        }
        let (request, slots) = (&filing.request, &filing.slots);
        let twins = held.twins.get(&slots.twin).cloned().unwrap_or_default();
        let answered = slots.answer.as_ref().and_then(|slot| held.answers.get(slot));
        let is_taken = held.requests.contains_key(&request.id)
            || twins != filing.seen_twins
            || answered.is_some_and(|answered| request.created_at < answered.until);
        if is_taken {
            return Err(StoreError::Conflict);
        }
        held.store(filing);
        Ok(())
    }

    async fn get(&self, account: &AccountId, id: RequestId) -> Result<Option<Request>, StoreError> {
        Ok(self.held().requests.get(&id).filter(|request| request.account == *account).cloned())
    }

    async fn open_among(&self, account: &AccountId, ids: &[RequestId]) -> Result<Vec<RequestId>, StoreError> {
        let held = self.held();
        let is_open = |id: &RequestId| {
            let found = held.requests.get(id).filter(|request| request.account == *account);
            found.is_some_and(|request| !request.status.has_ended())
        };
        Ok(ids.iter().copied().filter(is_open).collect())
    }

    async fn member_and_request(
        &self,
        email: &EmailAddress,
        id: RequestId,
    ) -> Result<Option<(Member, Option<Request>)>, StoreError> {
        let held = self.held();
        Ok(held.member(email).map(|member| (member, held.requests.get(&id).cloned())))
    }

    async fn list(
        &self,
        account: &AccountId,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let held = self.held();
        let mut rest = held
            .requests
            .values()
            .rev()
            .filter(|request| request.account == *account && filter.wants(request))
            .filter(|request| (filter.oldest()..=filter.newest()).contains(&request.id))
            .filter(|request| after.is_none_or(|Cursor(after)| request.id < after));
        let requests: Vec<_> = rest.by_ref().take(limit as usize).cloned().collect();
        let more = rest.next().is_some();
        let next = requests.last().filter(|_| more).map(|last| Cursor(last.id));
        Ok(Page { requests, next })
    }

    async fn revoke(&self, revoked: &Request) -> Result<(), StoreError> {
        let mut held = self.held();
        let stored = held.for_write(revoked)?;
        let now = revoked.ended_at.ok_or(StoreError::Conflict)?;
        if stored.status != Status::Pending || stored.starts_at <= now {
            return Err(StoreError::Conflict);
        }
        *stored = revoked.clone();
        Ok(())
    }

    async fn record_link(&self, minted: &Request) -> Result<(), StoreError> {
        let mut held = self.held();
        let stored = held.for_write(minted)?;
        let now = minted.timeline.last().ok_or(StoreError::Conflict)?.at;
        let there = stored.archive.as_ref().is_some_and(|archive| archive.expires_at > now);
        let full = stored.timeline.events().len() >= TIMELINE_EVENTS_MAX;
        if stored.status != Status::Completed || !there || full {
            return Err(StoreError::Conflict);
        }
        stored.timeline = minted.timeline.clone();
        Ok(())
    }
}

impl Previews for Memory {
    async fn keep(&self, account: &AccountId, preview: &Preview) -> Result<(), StoreError> {
        self.held().previews.insert((account.clone(), preview.digest.clone()), preview.clone());
        Ok(())
    }
}

impl Executions for Memory {
    async fn start(&self, request: &Request) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.engine_down {
            return Err(StoreError::Unavailable("the engine is down".into()));
        }
        held.started.push(request.id);
        Ok(())
    }
}

impl Archives for Memory {
    async fn mint_link(
        &self,
        archive: &Archive,
        file_name: &str,
        _: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        Ok(format!("memory:{}?name={file_name}&until={}", archive.key, until.timestamp()))
    }
}

impl Receipts for Memory {
    async fn receipt(&self, id: RequestId) -> Result<Option<SignedReceipt>, StoreError> {
        Ok(self.held().receipts.get(&id).cloned())
    }
}

impl ReceiptKey for Memory {
    async fn public_key_pem(&self) -> Result<String, StoreError> {
        Ok(RECEIPT_KEY.to_owned())
    }
}

impl Tell for Memory {
    async fn ended(&self, request: &Request) -> Result<(), StoreError> {
        self.held().told.push(request.id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use habeas_domain::EventKind;

    use super::*;
    use crate::{at, request};

    fn completed() -> Request {
        let expires_at = at("2026-04-05T10:00:00Z");
        let archive = Archive {
            key: "1".into(),
            residency: habeas_domain::Residency::Us,
            bytes: 1,
            expires_at,
            removed_at: None,
            withdrawn_by: None,
        };
        Request { status: Status::Completed, archive: Some(archive), ..request() }
    }

    fn minted(of: Request, time: &str) -> Request {
        of.with_event(at(time), EventKind::LinkMinted, None, None)
    }

    #[tokio::test]
    async fn a_link_is_recorded_while_the_archive_is_there_and_no_longer() {
        for (time, recorded) in [("2026-04-05T09:59:59Z", true), ("2026-04-05T10:00:00Z", false)] {
            let memory = Memory::default().with_request(completed());
            assert_eq!(memory.record_link(&minted(completed(), time)).await.is_ok(), recorded, "{time}");
            assert_eq!(memory.requests()[0].timeline.events().len() == 2, recorded, "{time}");
        }
    }

    #[tokio::test]
    async fn a_link_is_recorded_only_for_a_completed_request() {
        let pending = Request { status: Status::Pending, ..completed() };
        let memory = Memory::default().with_request(pending.clone());
        let recorded = memory.record_link(&minted(pending.clone(), "2026-01-06T10:00:00Z")).await;
        assert!(matches!(recorded, Err(StoreError::Conflict)));
        assert_eq!(memory.requests(), [pending]);
    }

    #[tokio::test]
    async fn nobody_appends_to_a_head_that_is_not_the_last() {
        let memory = Memory::default().with_request(completed());
        let (one, other) =
            (minted(completed(), "2026-01-06T10:00:00Z"), minted(completed(), "2026-01-06T10:00:01Z"));
        assert!(memory.record_link(&one).await.is_ok());
        assert!(matches!(memory.record_link(&other).await, Err(StoreError::Conflict)));
    }

    #[tokio::test]
    async fn a_revoke_is_written_before_the_start_and_no_longer() {
        for (time, written) in [("2026-01-05T10:04:59Z", true), ("2026-01-05T10:05:00Z", false)] {
            let memory = Memory::default().with_request(request());
            let timeline = minted(request(), time).timeline;
            let revoked =
                Request { status: Status::Canceled, ended_at: Some(at(time)), timeline, ..request() };
            assert_eq!(memory.revoke(&revoked).await.is_ok(), written, "{time}");
            assert_eq!(memory.requests()[0].status == Status::Canceled, written, "{time}");
        }
    }
}
