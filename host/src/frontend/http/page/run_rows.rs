//! Runs in a table.

use super::locale::Locale;
use super::marks::{Mark, kind_text, run_mark};
use crate::service::Run;

/// A run as a row shows it.
pub(super) struct RunRow {
    pub(super) mark: Mark,
    pub(super) kind: String,
    /// Of several strategies which one, or the set.
    pub(super) of: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) run: Run,
}

impl RunRow {
    pub(super) fn of(locale: Locale, run: Run) -> Self {
        let set = || run.set_id.as_ref().map(|_| locale.text("the-set"));
        Self {
            mark: run_mark(locale, &run),
            kind: kind_text(locale, run.kind),
            of: run.member.clone().or_else(set),
            size: run.artifact.as_ref().map(|artifact| artifact.size),
            run,
        }
    }
}
