use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};

use crate::{
    AccountId, AccountSettings, Archive, Cursor, EmailAddress, Filing, Filter, Guards, Member, Person,
    Preview, Request, RequestId, Revision, Sealed, SignedReceipt, Slots, Standing,
};

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
    /// The member behind an address.
    fn member(&self, email: &EmailAddress)
    -> impl Future<Output = Result<Option<Member>, StoreError>> + Send;

    /// The member behind an address, and those of `people` that are members of
    /// the same account, in no order. One read.
    fn member_and(
        &self,
        email: &EmailAddress,
        people: &[EmailAddress],
    ) -> impl Future<Output = Result<Option<(Member, Vec<EmailAddress>)>, StoreError>> + Send;
}

/// People without a login, as the operator's data knows them.
pub trait Participants {
    /// Those of `people` of whom the account's data holds something.
    fn found(
        &self,
        account: &AccountId,
        people: &[EmailAddress],
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
    /// What may stand in the way of an order. One read.
    fn guards(
        &self,
        account: &AccountId,
        slots: &Slots,
    ) -> impl Future<Output = Result<Guards, StoreError>> + Send;

    /// Stores a new request and all that belongs to it, or nothing.
    /// `Conflict` where its guards are not as they were.
    fn file(&self, filing: &Filing) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn get(
        &self,
        account: &AccountId,
        id: RequestId,
    ) -> impl Future<Output = Result<Option<Request>, StoreError>> + Send;

    /// Those of the account's requests that have not ended, in the same order.
    fn open_among(
        &self,
        account: &AccountId,
        ids: &[RequestId],
    ) -> impl Future<Output = Result<Vec<RequestId>, StoreError>> + Send;

    /// The member behind an address, and a request whoever's it is. One read.
    fn member_and_request(
        &self,
        email: &EmailAddress,
        id: RequestId,
    ) -> impl Future<Output = Result<Option<(Member, Option<Request>)>, StoreError>> + Send;

    /// The account's requests, without their timelines. A page may hold fewer
    /// than `limit` requests, or none, and still have a next one.
    fn list(
        &self,
        account: &AccountId,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Moves `Pending` to `Canceled`, in one conditional write that also looks
    /// at the time. `Conflict` where somebody else wrote first.
    fn revoke(&self, revoked: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds the last line of the timeline of a completed request whose archive
    /// is there at that time. `Conflict` where it is not, where somebody else
    /// wrote first, or where the timeline is full.
    fn record_link(&self, minted: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What people were shown before they filed a deletion.
pub trait Previews {
    /// Keeps a preview for as long as a deletion can name it.
    fn keep(
        &self,
        account: &AccountId,
        preview: &Preview,
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

/// The signed receipts of deletions.
pub trait Receipts {
    /// That of a request, where it has one.
    fn receipt(
        &self,
        id: RequestId,
    ) -> impl Future<Output = Result<Option<SignedReceipt>, StoreError>> + Send;
}

/// The key that receipts are signed with.
pub trait ReceiptKey {
    /// Its public half, as PEM (SubjectPublicKeyInfo).
    fn public_key_pem(&self) -> impl Future<Output = Result<String, StoreError>> + Send;
}

/// The settings of accounts and members, each change with its entry in a ledger.
pub trait Settings {
    /// The member behind an address, and all that has been chosen around them.
    fn standing(
        &self,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<Option<Standing>, StoreError>> + Send;

    /// Stores a change and its entry, or neither. `Conflict` where the ledger,
    /// the settings, or who changes them are not what they were.
    fn revise(&self, revision: &Revision) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Entries of a ledger before the one with this number, newest first, each
    /// with the number that it is stored under. Fewer than `limit` are all there are.
    fn entries(
        &self,
        account: &AccountId,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(u64, Sealed)>, StoreError>> + Send;
}

/// What decisions rest on, as of now.
pub trait Choices {
    /// Those of the accounts that are there.
    fn of_accounts(
        &self,
        accounts: &BTreeSet<&AccountId>,
    ) -> impl Future<Output = Result<BTreeMap<AccountId, AccountSettings>, StoreError>> + Send;

    /// What is known of the people. Whoever is missing is not known at all.
    fn of_people(
        &self,
        people: &BTreeSet<&EmailAddress>,
    ) -> impl Future<Output = Result<BTreeMap<EmailAddress, Person>, StoreError>> + Send;
}
