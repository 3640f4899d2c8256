//! The rules of Habeas: who may ask for what, and how a request lives.
//!
//! Nothing here knows AWS, reads a clock or does I/O. Time and ids arrive as
//! values, bad values are refused at the edge, and every change of a request
//! is a function from one state to the next. The stores repeat the same rules
//! as write conditions, so that two processes cannot both be right.

mod address;
mod csv;
mod cursor;
mod deadline;
mod digest;
mod event;
mod filing;
mod filter;
mod ids;
mod kind;
mod order;
mod people;
mod ports;
mod problem;
mod request;
mod view;

pub use address::{EmailAddress, NotAnAddress};
pub use csv::{TEMPLATE, history_csv};
pub use cursor::{Cursor, NotACursor};
pub use deadline::{Warning, days_left, next_look, silent_since};
pub use digest::Digest;
pub use event::{BrokenChain, Event, EventKind, Timeline};
pub use filing::{
    Answered, Filing, Guards, IdempotencyKey, Slots, Stamp, Waits, all_known, file_request, may_file, unknown,
};
pub use filter::Filter;
pub use ids::{AccountId, NotAnId, RequestId};
pub use kind::{DataType, DateRange, Kind, Status};
pub use order::{Order, SUBJECTS_MAX};
pub use people::{Account, Member, Plan, Role};
pub use ports::{Archives, Directory, Executions, Page, Participants, Requests, StoreError};
pub use problem::{FieldError, Problem};
pub use request::{Archive, Counts, NotRevocable, Request, Requestor, due_at};
pub use view::{member_view, request_view, view, whole_view};
