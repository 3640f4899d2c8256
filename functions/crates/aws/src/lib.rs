//! Adapters: the ports of the domain on DynamoDB, S3, SES, Step Functions and KMS.
//!
//! SDK errors stop here. What leaves is a [`habeas_domain::StoreError`].

mod about;
mod archive_notes;
mod archives;
mod buckets;
mod choices;
mod config;
mod connections;
mod directory;
mod error;
mod executions;
mod filing;
mod held;
mod history;
mod holds;
mod keys;
mod ledger;
mod mailer;
mod mails;
mod objects;
mod originals;
mod previews;
mod queue;
mod receipts;
mod relocations;
mod requests;
mod residency;
mod settings;
mod signing;
mod table;
mod uploads;
mod work;

pub use archive_notes::ArchiveNote;
pub use buckets::{Buckets, NoBucket};
pub use config::{Aws, MissingVariable, optional, required};
pub use error::unavailable;
pub use executions::{Execution, StateMachine};
pub use held::HeldBefore;
pub use keys::request_key;
pub use ledger::{Consenting, PageKey, QueuePage};
pub use mailer::{Letter, MailTag, Mailer, Unsent};
pub use mails::{MailClaim, MailSlot};
pub use objects::{Bucket, Object};
pub use originals::{ListPage, Listed, ListedBehind, Original};
pub use queue::Waiting;
pub use requests::{News, typed};
pub use settings::Household;
pub use signing::{Macs, Signer};
pub use table::Table;
pub use uploads::Upload;
pub use work::WorkKeys;
