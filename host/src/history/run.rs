//! One line of the journal.

use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::error::Error;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "State")]
pub enum RunState {
    /// Accepted, not started.
    Queued,
    /// In progress.
    Running,
    /// The artifact was published, or everything restored.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// A client or an operator stopped it.
    Cancelled,
    /// The sidecar stopped or died.
    Interrupted,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Kind")]
pub enum RunKind {
    /// Making a backup.
    Backup,
    /// Bringing one back.
    Restore,
    /// Trying whether the latest one comes back.
    Drill,
    /// Reading backups again, and comparing them.
    Verify,
}

/// A run, as clients and operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    /// Unique; sorts by time.
    pub id: String,
    /// What it is for.
    pub kind: RunKind,
    /// How it stands.
    pub state: RunState,
    /// The strategy's canonical name.
    pub strategy: String,
    /// What it is called among several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The run of the set that it belongs to, or is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_id: Option<String>,
    /// What asked for it: "command line", "http 10.0.0.3", "schedule".
    pub asked_by: String,
    /// The backup that was restored or read: of a restore, a drill, a verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// What the orchestrator gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_folder_id: Option<String>,
    /// Asking again with the same key is the same run.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
    /// Of what was asked for under that key, to tell it from anything else.
    #[serde(skip)]
    pub fingerprint: Option<String>,
    /// RFC 3339, UTC.
    pub queued_at: Timestamp,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Milliseconds from the start to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<RunArtifact>,
    /// Why it made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
    /// When the artifact had been fetched as a whole. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Of a restore: how it went for each part. Of a verification: for each copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub parts: Vec<PartOutcome>,
    /// What is to be looked at although it succeeded, such as a backup that could not be deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub warnings: Vec<RunFailure>,
}

/// How a restore went for one part, or one selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Outcome")]
pub struct PartOutcome {
    /// Its name.
    pub name: String,
    /// "3 tables", "restored as app1_copy".
    pub note: String,
    /// Why it was not restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

/// A published artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Artifact")]
pub struct RunArtifact {
    /// Where it was published.
    pub path: PathBuf,
    /// `artifact.filename`
    pub filename: String,
    /// `artifact.format`
    pub format: String,
    /// `artifact.content_type`
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
    /// What belongs in it and is not there, because the operator has allowed that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub omissions: Vec<RunOmission>,
}

/// What belongs in a backup and is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunOmission {
    /// What is missing.
    pub what: String,
    /// The stable kebab-case word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// A store and the keys under which it has a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoreKeys {
    /// The store's name.
    pub name: String,
    /// One for each tier.
    pub keys: Vec<String>,
}

/// An error that can be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Failure")]
pub struct RunFailure {
    /// The stable kebab-case word.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl RunKind {
    /// All of them.
    pub const ALL: [RunKind; 4] = [
        RunKind::Backup,
        RunKind::Restore,
        RunKind::Drill,
        RunKind::Verify,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            RunKind::Backup => "backup",
            RunKind::Restore => "restore",
            RunKind::Drill => "drill",
            RunKind::Verify => "verify",
        }
    }
}

impl RunState {
    /// All of them.
    pub const ALL: [RunState; 6] = [
        RunState::Queued,
        RunState::Running,
        RunState::Succeeded,
        RunState::Failed,
        RunState::Cancelled,
        RunState::Interrupted,
    ];

    /// Whether it will not change any more.
    pub fn is_over(self) -> bool {
        !matches!(self, RunState::Queued | RunState::Running)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Queued => "queued",
            RunState::Running => "running",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::Interrupted => "interrupted",
        }
    }
}

impl From<&Error> for RunFailure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<&RunFailure> for Error {
    fn from(failure: &RunFailure) -> Self {
        let error = Error::run(failure.code.clone(), failure.message.clone());
        match &failure.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }
}

impl Run {
    /// How much is to be looked at although it succeeded: its warnings, and what was left out.
    pub fn warning_count(&self) -> usize {
        let omissions = self
            .artifact
            .as_ref()
            .map(|artifact| artifact.omissions.len());
        self.warnings.len() + omissions.unwrap_or(0)
    }

    /// It begins now.
    pub fn start(&mut self) {
        self.state = RunState::Running;
        self.started_at = Some(clock::now());
    }

    /// It ends now. A restore makes no artifact.
    pub fn end(&mut self, state: RunState, made: Result<Option<RunArtifact>, RunFailure>) {
        self.end_at(clock::now(), state, made);
    }

    /// It has ended at that time.
    pub fn end_at(
        &mut self,
        at: Timestamp,
        state: RunState,
        made: Result<Option<RunArtifact>, RunFailure>,
    ) {
        let started = *self.started_at.get_or_insert(at);
        self.state = state;
        self.finished_at = Some(at);
        self.duration_ms = u64::try_from(at.duration_since(started).as_millis()).ok();
        (self.artifact, self.error) = match made {
            Ok(artifact) => (artifact, None),
            Err(failure) => (None, Some(failure)),
        };
    }
}
