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
    pub(super) asked_by: String,
    pub(super) run: Run,
}

impl RunRow {
    pub(super) fn of(locale: Locale, run: Run) -> Self {
        let set = || run.set_id.as_ref().map(|_| locale.text("the-set"));
        Self {
            mark: run_mark(locale, &run),
            kind: kind_text(locale, run.kind),
            of: run.member.clone().or_else(set),
            asked_by: asked_by(locale, &run.asked_by),
            size: run.artifact.as_ref().map(|artifact| artifact.size),
            run,
        }
    }
}

/// Who asked for a run, in the reader's words where they are ours.
pub(super) fn asked_by(locale: Locale, asker: &str) -> String {
    match asker {
        "command line" => locale.text("by-command-line"),
        "schedule" => locale.text("by-schedule"),
        "schedule, late" => locale.text("by-schedule-late"),
        other => other.to_owned(),
    }
}
