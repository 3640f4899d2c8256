use chrono::{DateTime, Utc};
use habeas_domain::{
    AccountId, Archive, Archives, Cursor, Directory, EmailAddress, Executions, Filing, Filter, Guards,
    Member, Page, Participants, Preview, Previews, ReceiptKey, Receipts, Request, RequestId, Requests,
    SignedReceipt, Slots, Status, StoreError,
};
use habeas_lambda::Tell;

use super::Memory;

/// The timeline that the table holds at most, as the table's own condition says.
const TIMELINE_EVENTS_MAX: usize = 900;

/// The public key that receipts are checked with in tests. Nobody has the other half.
const RECEIPT_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs0sthPR7QKs/+p3g2K8aQjVRUMmY
Ez69Ki7soawkiIcYn9pkvWkU7tXy5MfRBVEUVnvb3UDc58wmXYDToYzBtA==
-----END PUBLIC KEY-----
";

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
