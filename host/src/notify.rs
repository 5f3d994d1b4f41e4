//! Notifications of how a run went: webhooks and health checks.
//!
//! ```text
//! RunEvent ──► request (what to send, as data) ──► sender (a thread for each receiver)
//! ```
//!
//! A notification that fails never fails the backup: it is tried a few times, then a warning is
//! logged. The URLs hold secrets, so at most their origin is ever shown.

mod event;
mod request;
mod retry;
mod sender;

pub use crate::config::{Event, Receiver, Target};
pub use event::{EventArtifact, EventFailure, EventOmission, EventOutcome, RunEvent};
pub use request::{NotifyMethod, NotifyRequest, request};
pub use retry::{NotifyAnswer, Retry, answer};
pub use sender::Notifier;

#[cfg(test)]
mod tests;
