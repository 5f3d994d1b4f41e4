//! What a restore would do, and what it did.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::plan::PlannedRestore;
use crate::artifact::manifest::Manifest;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::history::{PartOutcome, Run, RunFailure};
use crate::plan;
use crate::sandbox::{self, FoundTarget, FoundTargets, Restored};
use crate::service::runs::request::Order;

/// The run's id in a preview: what a module names by it is the same each time.
pub(in crate::service) const PREVIEWED_RUN: &str = "00000000-0000-0000-0000-000000000000";

/// What a restore would do: what `--dry-run` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Preview {
    /// The backup's id.
    pub backup: String,
    /// When it was begun. RFC 3339, UTC.
    pub taken_at: Timestamp,
    /// What will happen, in order, as the module describes it.
    pub steps: Vec<String>,
    /// Every line that may run.
    pub commands: Vec<String>,
    /// Files and directories that are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub read: Vec<String>,
    /// Variables that commands are given, or that the module sees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub env: Vec<String>,
    /// "host:port" that the module connects to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub net: Vec<String>,
    /// Where files are restored into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The parts that are read; none: the whole backup.
    pub parts: Vec<String>,
    /// Bytes of them, before compression and encryption.
    pub size: u64,
    /// What they become, and whether that is there already, as far as the module can tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub targets: Vec<FoundTarget>,
    /// What is restored to, with its version: "PostgreSQL 15.8".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Why it is not known what is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<RunFailure>,
    /// Which of several strategies it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Of a set: what would be done of each member, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub members: Vec<Preview>,
}

/// What a restore did: what `sidecar restore --json` prints.
#[derive(Debug, Serialize)]
pub struct RestoreReport {
    /// Of this restore.
    pub id: String,
    /// Of the backup.
    pub backup: String,
    /// How it went for each part, or each selection.
    pub parts: Vec<PartOutcome>,
    /// Bytes of the backup that were read for it, as they lie in the store.
    pub fetched_bytes: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it has failed, as a whole or in part.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl Preview {
    /// Of what `order` would do: another one if the backup, the module's plan or the order has changed. Lower-case hex.
    pub fn digest(&self, order: &Order) -> String {
        let preview = serde_json::to_string(self).unwrap_or_default();
        let Order {
            only,
            into,
            replace,
            accept,
            ..
        } = order;
        let asked = format!("{only:?} {into:?} {replace} {accept:?} {preview}");
        Digest::of_bytes(asked.as_bytes()).to_string()
    }

    pub(super) fn of(
        manifest: &Manifest,
        planned: PlannedRestore,
        found: Result<FoundTargets>,
    ) -> Self {
        let unknown = found.as_ref().err().map(RunFailure::from);
        let FoundTargets { targets, server } = found.unwrap_or_default();
        let size = match planned.chosen() {
            [] => manifest.artifact.raw_size,
            parts => parts.iter().map(|part| part.length).sum(),
        };
        let lines = planned.plan.commands.into_iter();
        let programs = planned.plan.argv.iter().map(|argv| plan::shown_argv(argv));
        Self {
            backup: manifest.id.clone(),
            taken_at: manifest.started_at,
            steps: planned.plan.steps,
            commands: lines.chain(programs).collect(),
            read: planned.plan.read,
            env: planned.plan.env,
            net: planned.plan.net,
            directory: planned.plan.directory,
            parts: planned.plan.parts,
            size,
            targets,
            server,
            unknown,
            strategy: None,
            members: Vec::new(),
        }
    }

    /// Of a set.
    pub(in crate::service) fn of_set(set: &str, taken_at: Timestamp, members: Vec<Self>) -> Self {
        Self {
            backup: set.to_owned(),
            taken_at,
            steps: Vec::new(),
            commands: Vec::new(),
            read: Vec::new(),
            env: Vec::new(),
            net: Vec::new(),
            directory: None,
            parts: Vec::new(),
            size: members.iter().map(|member| member.size).sum(),
            targets: Vec::new(),
            server: None,
            unknown: None,
            strategy: None,
            members,
        }
    }
}

impl RestoreReport {
    pub(super) fn new(backup: &str, fetched_bytes: u64, restored: Restored) -> Self {
        let Restored { outcomes, broken } = restored;
        let all = outcomes.len();
        let failed: Vec<&sandbox::RestoredPart> = outcomes
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
            parts: outcomes.iter().map(recorded).collect(),
            fetched_bytes,
            duration_ms: 0,
            error,
        }
    }

    /// Of a set: what its members did. The error is that of the first that failed.
    pub(in crate::service) fn of_set(set: &str) -> Self {
        Self {
            id: String::new(),
            backup: set.to_owned(),
            parts: Vec::new(),
            fetched_bytes: 0,
            duration_ms: 0,
            error: None,
        }
    }

    /// Adds what a member did.
    pub(in crate::service) fn add(&mut self, strategy: &str, member: Self) {
        self.fetched_bytes += member.fetched_bytes;
        let parts = member.parts.into_iter().map(|part| PartOutcome {
            name: format!("{strategy}/{}", part.name),
            ..part
        });
        self.parts.extend(parts);
        if self.error.is_none() {
            self.error = member.error;
        }
    }

    /// A member could not be restored at all. What the members before it did stays in the report.
    pub(in crate::service) fn fail(&mut self, strategy: &str, error: Error) {
        self.parts.push(not_restored(strategy, (&error).into()));
        self.error = Some(error);
    }

    /// A member was not touched, because one before it failed. The error names it.
    pub(in crate::service) fn leave_out(&mut self, strategy: &str) {
        let message = "it was not touched, because a member before it failed";
        let left = RunFailure {
            code: "left-out".to_owned(),
            message: message.to_owned(),
            hint: None,
        };
        self.parts.push(not_restored(strategy, left));
        self.error = self.error.take().map(|error| {
            let hint = error.hint_text().map(|hint| format!("{hint}; "));
            let hint = hint.unwrap_or_default();
            let left = format!("{strategy} was left as it is: restore it with --only {strategy}");
            error.hint(format!("{hint}{left}"))
        });
    }

    /// Of a run that has ended.
    pub(super) fn of_run(mut self, run: &Run) -> Self {
        self.id = run.id.clone();
        self.duration_ms = run.duration_ms.unwrap_or(0);
        self
    }
}

fn recorded(outcome: &sandbox::RestoredPart) -> PartOutcome {
    PartOutcome {
        name: outcome.name.clone(),
        note: outcome.note.clone(),
        error: outcome.error.as_ref().map(RunFailure::from),
    }
}

fn not_restored(strategy: &str, error: RunFailure) -> PartOutcome {
    PartOutcome {
        name: strategy.to_owned(),
        note: String::new(),
        error: Some(error),
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
