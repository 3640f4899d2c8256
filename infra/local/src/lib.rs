//! Habeas on one machine: the templates that AWS takes, deployed to an
//! emulator of AWS that this crate installs, starts and stops.
//!
//! `Stack::up` brings a stack up or up to date, `Stack::open` finds a running
//! one, and `Stack` is then the way to everything in it: tokens, the HTTP API,
//! the functions, the tables, the mails and the logs.

mod canonical;
mod clients;
mod deploy;
mod directory;
mod dropped;
mod emulator;
mod error;
mod http;
mod invoke;
mod kill;
mod layout;
mod load;
mod logs;
mod mail;
mod package;
mod plain_http;
mod process;
mod progress;
mod receipt;
mod rows;
mod signed;
mod snapshot;
mod stack;
mod state;
mod surveys;
mod template;
mod traces;
mod tree;
mod up;
mod uploads;
mod users;
mod venv;
mod versions;

pub use clients::Clients;
pub use directory::{Account, Directory, Member};
pub use error::LocalError;
pub use http::{Api, Response};
pub use invoke::Invocation;
pub use layout::{Layout, target_dir};
pub use load::Loaded;
pub use logs::LogLine;
pub use mail::Mail;
pub use process::ProcessId;
pub use progress::Progress;
pub use receipt::Receipt;
pub use snapshot::{Changes, Snapshot, USERS};
pub use stack::{Down, Stack};
pub use state::{AccountUsers, StackState};
pub use traces::{Place, Trace};
pub use up::UpOptions;
pub use venv::{EMULATOR_PACKAGES, LINT_PACKAGES, Venv};

/// Shorthand of this crate's results.
pub type Result<T> = std::result::Result<T, LocalError>;
