//! The data map, and the connectors that read and erase what it points to.
//!
//! The map is the operator's statement of where personal data lives. A
//! [`Walk`] goes through a subject's records in one source, page by page, from
//! any cursor; connectors know one kind of store each.

mod cursor;
mod dynamodb;
mod erase;
mod error;
mod item;
mod map;
mod participants;
mod pseudonym;
mod s3;
mod subject;
mod walk;

pub use aws_sdk_dynamodb::types::AttributeValue;
pub use cursor::Cursor;
pub use dynamodb::DynamoDb;
pub use erase::{Erased, Target, erase, is_left};
pub use error::{MapError, SourceError};
pub use item::{Item, Key, Shown, TypedKey, to_json};
pub use map::policy::{Access, Resource, Statement, policy};
pub use map::{
    Address, BucketAddress, DataMap, Erase, Excluded, Find, Information, Mistake, OfOthers, Source,
    TableAddress,
};
pub use participants::DataMapParticipants;
pub use pseudonym::Pseudonyms;
pub use s3::S3;
pub use subject::Subject;
pub use walk::{Found, Page, Stores, Walk};
