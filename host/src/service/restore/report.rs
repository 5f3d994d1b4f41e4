//! What a restore would do, and what it did.

use jiff::Timestamp;
use serde::Serialize;

use super::plan::Planned;
use crate::artifact::manifest::Manifest;
use crate::error::Error;
use crate::history::{Failure, Outcome, Run};
use crate::sandbox::{self, Restored};

/// What a restore would do: what `--dry-run` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The backup's id.
    pub backup: String,
    /// When it was begun. RFC 3339, UTC.
    pub taken_at: Timestamp,
    /// What will happen, in order, in the module's words.
    pub steps: Vec<String>,
    /// Every line that may run.
    pub commands: Vec<String>,
    /// Where files are restored into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The parts that are read; none: the whole backup.
    pub parts: Vec<String>,
    /// Bytes of them, before compression and encryption.
    pub size: u64,
}

/// What a restore did: what `sidecar restore --json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of this restore.
    pub id: String,
    /// Of the backup.
    pub backup: String,
    /// How it went for each part, or each selection.
    pub parts: Vec<Outcome>,
    /// Bytes of the backup that were read for it, as they lie in the store.
    pub fetched_bytes: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it has failed, as a whole or in part.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl Preview {
    pub(super) fn of(manifest: &Manifest, planned: Planned) -> Self {
        let size = match planned.chosen() {
            [] => manifest.artifact.raw_size,
            parts => parts.iter().map(|part| part.length).sum(),
        };
        Self {
            backup: manifest.id.clone(),
            taken_at: manifest.started_at,
            steps: planned.plan.steps,
            commands: planned.plan.commands,
            directory: planned.plan.directory,
            parts: planned.plan.parts,
            size,
        }
    }
}

impl Report {
    pub(super) fn new(backup: &str, fetched_bytes: u64, restored: Restored) -> Self {
        let Restored { outcomes, broken } = restored;
        let all = outcomes.len();
        let failed: Vec<&sandbox::Outcome> = outcomes
            .iter()
            .filter(|outcome| outcome.error.is_some())
            .collect();
        let error = match failed
            .first()
            .and_then(|first| Some((first, first.error.as_ref()?)))
        {
            Some((first, error)) => Some(partly(failed.len(), all, &first.name, error)),
            None if all == 0 => broken.or_else(|| Some(nothing())),
            None => broken,
        };
        Self {
            id: String::new(),
            backup: backup.to_owned(),
            parts: outcomes.iter().map(written).collect(),
            fetched_bytes,
            duration_ms: 0,
            error,
        }
    }

    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        self.parts.clone()
    }

    pub(super) fn of_run(mut self, run: &Run) -> Self {
        self.id = run.id.clone();
        self.duration_ms = run.duration_ms.unwrap_or(0);
        self
    }
}

fn written(outcome: &sandbox::Outcome) -> Outcome {
    Outcome {
        name: outcome.name.clone(),
        note: outcome.note.clone(),
        error: outcome.error.as_ref().map(Failure::from),
    }
}

fn partly(failed: usize, all: usize, first: &str, error: &Error) -> Error {
    let message = match (failed, all) {
        (1, 1) => error.message().to_owned(),
        _ => format!("{failed} of {all} could not be restored, first {first}: {error}"),
    };
    let whole = Error::run(error.code().to_owned(), message);
    match error.hint_text() {
        Some(hint) => whole.hint(hint),
        None => whole,
    }
}

fn nothing() -> Error {
    Error::run("nothing-restored", "the strategy restored nothing")
        .hint("nothing in the backup fits what was chosen: look at --only")
}
