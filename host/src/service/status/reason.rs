//! Why a state is what it is: a code with its values, and the same in words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::RunFailure;

/// Why a strategy is not `fresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusReason {
    /// Stable: `overdue`, `no-rhythm`, `no-good-backup`, `last-run-failed`, `copy-damaged`, `upload-missing`, `drill-failed`,
    /// `store-unreadable`.
    pub code: String,
    /// What the code is about, by name, for a translation: times as RFC 3339, all else as written.
    pub args: BTreeMap<String, String>,
    /// One sentence in English.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Since when it is so. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl StatusReason {
    pub(super) fn new(code: &str, since: Option<Timestamp>, message: String) -> Self {
        Self {
            code: code.to_owned(),
            args: BTreeMap::new(),
            message,
            hint: None,
            since,
        }
    }

    pub(super) fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn hint_of(self, failure: &RunFailure) -> Self {
        match &failure.hint {
            Some(hint) => self.hint(hint.clone()),
            None => self,
        }
    }
}
