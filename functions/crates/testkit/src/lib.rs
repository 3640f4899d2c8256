//! Twins of the ports that live in memory, and builders. For tests only.

mod at_once;
mod build;
mod draft;
mod events;
mod memory;
mod reply;

pub use at_once::at_once;
pub use build::{
    account, address, at, call, filing, member, offer, request, settings_with, signed_receipt, terms,
};
pub use draft::Draft;
pub use events::{EventFile, events, events_folder};
pub use memory::Memory;
pub use reply::reply;
