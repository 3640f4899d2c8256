//! Journeys over the deployed local stack: everything goes through the HTTP API
//! with real tokens, and what it left is looked at in the stores.
//!
//! `cargo xtask test journeys` brings up a fresh stack for them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails the journey")]

mod deletions;
mod exports;
mod faults;
mod holds;
mod house;
#[cfg(target_os = "linux")]
mod kills;
mod large;
mod ledger;
mod life;
mod receipts;
mod refusals;
mod repeats;
mod residency;
mod settings;
mod sweeps;
mod traces;
mod world;
