use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};

use crate::{Account, AccountId, Archive, Cursor, EmailAddress, Event, Member, Request, RequestId};

/// Why a store did not do what was asked.
///
/// `Debug` names the variant alone: an SDK's error prints whole replies, and
/// these may hold personal data.
#[derive(thiserror::Error)]
pub enum StoreError {
    /// The condition of a write did not hold: somebody else was first.
    #[error("the stored state has changed")]
    Conflict,
    /// The store did not answer, or refused for a reason of its own.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be understood.
    #[error("a stored item is not readable")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => "Conflict",
            Self::Unavailable(_) => "Unavailable",
            Self::Corrupt(_) => "Corrupt",
        })
    }
}

/// Who belongs to which account.
pub trait Directory {
    /// The member and the account behind an address.
    fn member(
        &self,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<Option<(Member, Account)>, StoreError>> + Send;

    /// Those of `emails` that are members of `account`, in no order.
    fn members_of(
        &self,
        account: &AccountId,
        emails: &[EmailAddress],
    ) -> impl Future<Output = Result<Vec<EmailAddress>, StoreError>> + Send;
}

/// One page of a list, newest first, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub requests: Vec<Request>,
    pub next: Option<Cursor>,
}

/// The requests of all accounts.
pub trait Requests {
    /// Stores a new request. `Conflict` where the id is taken.
    fn file(&self, request: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn get(
        &self,
        account: &AccountId,
        id: RequestId,
    ) -> impl Future<Output = Result<Option<Request>, StoreError>> + Send;

    /// The account's requests, or only those that `by` filed.
    fn list(
        &self,
        account: &AccountId,
        by: Option<&EmailAddress>,
        after: Option<Cursor>,
        limit: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Moves `Pending` to `Canceled`, in one conditional write that also looks
    /// at the time. `Conflict` where the workflow, or another revoke, was first.
    fn revoke(&self, revoked: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds a line to the timeline of a completed request whose archive is
    /// there at `event.at`. `Conflict` where it is not.
    fn record_link(
        &self,
        account: &AccountId,
        id: RequestId,
        event: &Event,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The workflow engine.
pub trait Executions {
    /// Starts the workflow of a request. Starting it again changes nothing.
    fn start(&self, request: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Finished archives.
pub trait Archives {
    /// A link that lets its holder download the archive until `until`.
    fn mint_link(
        &self,
        archive: &Archive,
        file_name: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Future<Output = Result<String, StoreError>> + Send;
}
