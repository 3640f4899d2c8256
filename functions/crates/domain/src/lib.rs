//! The rules of Habeas: who may ask for what, and how a request lives.
//!
//! Nothing here knows AWS, reads a clock or does I/O. Time and ids arrive as
//! values, bad values are refused at the edge, and every change of a request
//! is a function from one state to the next. The stores repeat the same rules
//! as write conditions, so that two processes cannot both be right.

mod access;
mod address;
mod country;
mod csv;
mod cursor;
mod deadline;
mod decision;
mod digest;
mod event;
mod filing;
mod filter;
mod hold;
mod ids;
mod kind;
mod ledger;
mod object;
mod offer;
mod order;
mod patch;
mod people;
mod ports;
mod preview;
mod problem;
mod receipt;
mod relocation;
mod request;
mod residency;
mod revision;
mod setting;
mod settings;
mod settings_view;
mod terms;
mod view;

pub use access::{Action, Denial, House, may};
pub use address::{EmailAddress, NotAnAddress};
pub use country::{Country, NotACountry};
pub use csv::{TEMPLATE, history_csv, ledger_csv};
pub use cursor::{Cursor, NotACursor};
pub use deadline::{Warning, days_left, next_look, silent_since};
pub use decision::{
    CacheTimes, Decision, Facts, Ground, PEOPLE_MAX, Person, Purpose, QUESTIONS_MAX, Question, Rule, Verdict,
    decide, of_account,
};
pub use digest::{Digest, NotADigest};
pub use event::{BrokenChain, Event, EventKind, Timeline};
pub use filing::{
    Answered, Filing, Guards, IdempotencyKey, Slots, Stamp, Waits, all_known, file_request, follow_up,
    may_file, unknown,
};
pub use filter::Filter;
pub use hold::{
    HELD_FIELD_BYTES_MAX, HELD_FIELDS_MAX, HOLDS_MAX, HeldNote, Hold, HoldBook, HoldOn, HoldOrder, Released,
};
pub use ids::{AccountId, HoldId, NotAnId, RequestId};
pub use kind::{DataType, DateRange, Kind, Status};
pub use ledger::{Actor, Anchor, BrokenLedger, Change, Entry, Head, LedgerCheck, Scope, Sealed};
pub use offer::Offer;
pub use order::{Order, SUBJECTS_MAX};
pub use patch::SettingsPatch;
pub use people::{Account, BadField, Member, Plan, Role};
pub use ports::{
    Archives, Choices, Directory, Executions, Page, Participants, Previews, ReceiptKey, Receipts, Requests,
    Settings, StoreError,
};
pub use preview::{Difference, Preview, Previewed, Tally};
pub use problem::{FieldError, Problem};
pub use receipt::SignedReceipt;
pub use relocation::{InHand, Place, Relocation};
pub use request::{Archive, Counts, NotRevocable, Request, Requestor, due_at};
pub use residency::Residency;
pub use revision::{Revised, Revision, Standing, Witness, lapse};
pub use setting::{ContentClass, NotAClass, NotATopic, Setting, SettingValue, Topic};
pub use settings::{AccountSettings, Basis, Chosen, Consent, MemberSettings};
pub use terms::{AgreedTerms, NotAVersion, Publication, Terms, TermsVersion};
pub use view::{WITHDRAWN, member_view, request_view, view, whole_view};
