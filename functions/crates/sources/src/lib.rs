//! The data map, and the connectors that read and erase what it points to.
//!
//! The map is the operator's statement of where personal data lives. A
//! [`Walk`] goes through a subject's records in one source, page by page, from
//! any cursor; connectors know one kind of store each.

mod connector;
mod cursor;
mod digests;
mod dynamodb;
mod erase;
mod error;
mod files;
mod identity;
mod item;
mod lambda;
mod map;
mod number;
mod on_hold;
mod participants;
mod patience;
mod prefix;
mod pseudonym;
mod s3;
mod shared;
mod stores;
mod subject;
mod target;
mod walk;

pub use aws_sdk_dynamodb::types::AttributeValue;
pub use connector::Part;
pub use cursor::Cursor;
pub use digests::Digests;
pub use dynamodb::DynamoDb;
pub use erase::{Erasing, erase, is_left};
pub use error::{MapError, SourceError};
pub use files::OpenFile;
pub use identity::identify;
pub use item::{Item, Key, Shown, TypedKey, to_json};
pub use lambda::Lambda;
pub use map::policy::{Access, Resource, Statement, policy};
pub use map::{
    Address, BucketAddress, DataMap, EMAIL, Erase, Excluded, Find, FunctionAddress, Identity, Information,
    Mask, Masking, Mistake, OfOthers, Pace, Source, TableAddress,
};
pub use on_hold::{HeldValues, OnHold};
pub use participants::DataMapParticipants;
pub use prefix::PrefixTemplate;
pub use pseudonym::Pseudonyms;
pub use s3::{FileKey, LARGE_FILE_BYTES, S3, rfc3339};
pub use shared::{is_shared, is_shared_by_now};
pub use stores::Stores;
pub use subject::{LinkedId, Subject};
pub use target::{Erased, Target};
pub use walk::{Found, Page, Walk};
