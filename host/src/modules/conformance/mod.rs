//! What every module must do, in whatever language it is written.
//!
//! The checks play the operator of a small sidecar. The module runs in the host's own sandbox and
//! writes into the host's own pipeline; only the commands, the disk and the caller misbehave.

mod access_requests;
mod attempt;
mod bad_message;
mod command_recorder;
mod fault_injection;
mod finding;
mod fixture;
mod invalid_config;
mod permission;
mod plans;
mod preflight;
mod refusal_finder;
mod restorable;
mod round_trip;
mod slow_disk;
mod static_checks;
mod subject;
mod suite;

pub use finding::{CheckStatus, Conformance, Finding};
pub use permission::Permission;
pub use suite::TestSettings;
