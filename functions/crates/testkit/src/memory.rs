use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use habeas_domain::{
    Account, AccountId, Archive, Archives, Cursor, Directory, EmailAddress, Event, Executions, Member, Page,
    Request, RequestId, Requests, Status, StoreError,
};
use habeas_lambda::Tell;

/// The timeline that the table holds at most, as the table's own condition says.
const TIMELINE_EVENTS_MAX: usize = 1_000;

/// All ports in memory. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    members: Vec<(Member, Account)>,
    requests: BTreeMap<RequestId, Request>,
    started: Vec<RequestId>,
    told: Vec<RequestId>,
    engine_down: bool,
    /// Applied to a request right before the next conditional write: the other
    /// side of a race.
    before_write: Option<Status>,
}

impl Held {
    /// A request as a conditional write finds it, after whoever was first.
    fn for_write(&mut self, account: &AccountId, id: RequestId) -> Result<&mut Request, StoreError> {
        let first = self.before_write.take();
        let stored = self.requests.get_mut(&id).filter(|request| request.account == *account);
        let stored = stored.ok_or(StoreError::Conflict)?;
        stored.status = first.unwrap_or(stored.status);
        Ok(stored)
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

    #[must_use]
    pub fn with_request(self, request: Request) -> Self {
        self.held().requests.insert(request.id, request);
        self
    }

    /// Starting a workflow fails from now on.
    #[must_use]
    pub fn with_engine_down(self) -> Self {
        self.held().engine_down = true;
        self
    }

    /// Somebody else changes the request's status right before the next write.
    #[must_use]
    pub fn losing_to(self, status: Status) -> Self {
        self.held().before_write = Some(status);
        self
    }

    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.held().requests.values().cloned().collect()
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
    async fn member(&self, email: &EmailAddress) -> Result<Option<(Member, Account)>, StoreError> {
        Ok(self.held().members.iter().find(|(member, _)| member.email == *email).cloned())
    }

    async fn members_of(
        &self,
        account: &AccountId,
        emails: &[EmailAddress],
    ) -> Result<Vec<EmailAddress>, StoreError> {
        let held = self.held();
        let of_account = held.members.iter().map(|(member, _)| member).filter(|m| m.account == *account);
        Ok(of_account.map(|member| member.email.clone()).filter(|email| emails.contains(email)).collect())
    }
}

impl Requests for Memory {
    async fn file(&self, request: &Request) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.requests.contains_key(&request.id) {
            return Err(StoreError::Conflict);
        }
        held.requests.insert(request.id, request.clone());
        Ok(())
    }

    async fn get(&self, account: &AccountId, id: RequestId) -> Result<Option<Request>, StoreError> {
        Ok(self.held().requests.get(&id).filter(|request| request.account == *account).cloned())
    }

    async fn list(
        &self,
        account: &AccountId,
        by: Option<&EmailAddress>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let held = self.held();
        let mut rest = held
            .requests
            .values()
            .rev()
            .filter(|request| request.account == *account)
            .filter(|request| by.is_none_or(|by| request.requestor.email == *by))
            .filter(|request| after.is_none_or(|Cursor(after)| request.id < after));
        let requests: Vec<_> = rest.by_ref().take(limit as usize).cloned().collect();
        let more = rest.next().is_some();
        let next = requests.last().filter(|_| more).map(|last| Cursor(last.id));
        Ok(Page { requests, next })
    }

    async fn revoke(&self, revoked: &Request) -> Result<(), StoreError> {
        let event = revoked.timeline.last().ok_or(StoreError::Conflict)?;
        let mut held = self.held();
        let stored = held.for_write(&revoked.account, revoked.id)?;
        if stored.status != Status::Pending || stored.starts_at <= event.at {
            return Err(StoreError::Conflict);
        }
        stored.status = Status::Canceled;
        stored.ended_at = Some(event.at);
        stored.timeline.push(event.clone());
        Ok(())
    }

    async fn record_link(&self, account: &AccountId, id: RequestId, event: &Event) -> Result<(), StoreError> {
        let mut held = self.held();
        let stored = held.for_write(account, id)?;
        let there = stored.archive.as_ref().is_some_and(|archive| archive.expires_at > event.at);
        if stored.status != Status::Completed || !there || stored.timeline.len() >= TIMELINE_EVENTS_MAX {
            return Err(StoreError::Conflict);
        }
        stored.timeline.push(event.clone());
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

    fn link(time: &str) -> Event {
        Event { at: at(time), event: EventKind::LinkMinted, by: None }
    }

    fn completed() -> Request {
        let archive = Archive { key: "1".into(), bytes: 1, expires_at: at("2026-04-05T10:00:00Z") };
        Request { status: Status::Completed, archive: Some(archive), ..request() }
    }

    #[tokio::test]
    async fn a_link_is_recorded_while_the_archive_is_there_and_no_longer() {
        let memory = Memory::default().with_request(completed());
        let record = async |time| memory.record_link(&request().account, request().id, &link(time)).await;
        assert!(record("2026-04-05T09:59:59Z").await.is_ok());
        assert!(matches!(record("2026-04-05T10:00:00Z").await, Err(StoreError::Conflict)));
        assert_eq!(memory.requests()[0].timeline.len(), 2);
    }

    #[tokio::test]
    async fn a_link_is_recorded_only_for_a_completed_request_of_the_account() {
        let other = AccountId::parse("birch").unwrap();
        let pending = Request { status: Status::Pending, ..completed() };
        for (stored, account) in [(pending, &request().account), (completed(), &other)] {
            let memory = Memory::default().with_request(stored.clone());
            let recorded = memory.record_link(account, stored.id, &link("2026-01-06T10:00:00Z")).await;
            assert!(matches!(recorded, Err(StoreError::Conflict)));
            assert_eq!(memory.requests(), [stored]);
        }
    }

    #[tokio::test]
    async fn a_revoke_is_written_before_the_start_and_no_longer() {
        for (time, written) in [("2026-01-05T10:04:59Z", true), ("2026-01-05T10:05:00Z", false)] {
            let memory = Memory::default().with_request(request());
            let event = Event { at: at(time), event: EventKind::Revoked, by: None };
            let revoked = Request { status: Status::Canceled, timeline: vec![event], ..request() };
            assert_eq!(memory.revoke(&revoked).await.is_ok(), written, "{time}");
            assert_eq!(memory.requests()[0].status == Status::Canceled, written, "{time}");
        }
    }
}
