//! Telling others how a run went: webhooks and health checks.
//!
//! ```text
//! News ──► request (what to send, as data) ──► sender (a thread for each receiver)
//! ```
//!
//! A notification that fails never fails the backup: it is tried a few times, then a warning is
//! logged. The URLs hold secrets, so at most their origin is ever shown.

mod news;
mod request;
mod retry;
mod sender;

pub use crate::config::{Event, Receiver, Target};
pub use news::{Artifact, Failure, News, Outcome};
pub use request::{Method, Request, request};
pub use retry::{Answer, Retry, answer};
pub use sender::Notifier;

#[cfg(test)]
mod tests;
