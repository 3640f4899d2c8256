//! Journeys over the deployed local stack: everything goes through the HTTP API
//! with real tokens, and what it left is looked at in the stores.
//!
//! `cargo xtask test journeys` brings up a fresh stack for them.

mod deletions;
mod exports;
mod faults;
mod large;
mod refusals;
mod repeats;
mod sweeps;
mod world;
