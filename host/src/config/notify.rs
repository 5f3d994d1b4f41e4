//! `notify`, as the rest of the house sees it.

use super::model::Secret;

/// An entry of `notify`, for one of its URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// What it wants to know.
    pub on: Vec<Event>,
    /// Where it listens.
    pub target: Target,
}

/// How a receiver wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A POST with JSON.
    Webhook(Secret),
    /// A GET; `/start` and `/fail` are appended to the path, as healthchecks.io has them.
    Healthcheck(Secret),
}

/// What is worth telling (`notify[].on`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A run has started.
    Start,
    /// It succeeded: every store has the backup.
    Success,
    /// It failed, wholly or for a store.
    Failure,
}
