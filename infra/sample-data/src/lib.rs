//! The demo's data set: the tables and files of a meetings product, all made up.
//!
//! [`generate`] writes a folder that `habeas-local` can load: a few hundred
//! people in three accounts with what they held, said, wrote, drew and answered
//! from January to June 2026. The same bytes come out each time, on every platform.
//! [`cast`] names the people a demo plays with, and [`expected`] counts what an
//! export of a person must contain, from the files alone.
//!
//! The data is odd on purpose, because people's is: nicknames with brackets and
//! pipes, texts in many scripts with control characters and U+2028, one sender
//! with thousands of messages and many with one.

mod account;
mod author;
mod backgrounds;
mod boards;
mod calendar;
mod cast;
mod chance;
mod chat;
mod collection;
mod drawing;
mod error;
mod expected;
mod folder;
mod generate;
mod names;
mod records;
mod rows;
mod sessions;
mod surveys;
mod team;
mod tongues;
mod users;

pub use cast::{Cast, cast};
pub use collection::record_id;
pub use error::{ExpectedError, GenerateError};
pub use expected::{Expected, expected};
pub use generate::{Summary, generate};
