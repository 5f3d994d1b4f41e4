//! Every kind of store does the same, and none of them believes a faulty server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod backups;
mod commits;
mod conformance;
mod dialects;
mod faults;
mod faulty;
pub(crate) mod fixtures;
mod kinds;
mod leases;
mod probes;
mod remembered;
mod removals;
pub(super) mod server;
pub(crate) mod stepwise;
