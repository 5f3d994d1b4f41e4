//! One line of the journal.

use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::error::Error;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted, not started.
    Queued,
    /// In progress.
    Running,
    /// The artifact was published, or everything restored.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// The sidecar stopped or died.
    Interrupted,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Making a backup.
    Backup,
    /// Bringing one back.
    Restore,
    /// Trying whether the latest one comes back.
    Drill,
}

/// A run, as its askers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    /// Unique; sorts by time.
    pub id: String,
    /// What it is for.
    pub kind: Kind,
    /// How it stands.
    pub state: State,
    /// The strategy's canonical name.
    pub strategy: String,
    /// Who asked for it: "command line", "http 10.0.0.3", "schedule".
    pub asked_by: String,
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
    pub artifact: Option<Artifact>,
    /// Why it made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When the artifact had been fetched as a whole. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Of a restore: how it went for each part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub parts: Vec<Outcome>,
}

/// How a restore went for one part, or one selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// "3 tables", "restored as app1_copy".
    pub note: String,
    /// Why it was not restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A published artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Artifact {
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
pub struct Failure {
    /// The stable kebab-case word.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Backup, Kind::Restore, Kind::Drill];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Backup => "backup",
            Kind::Restore => "restore",
            Kind::Drill => "drill",
        }
    }
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] = [
        State::Queued,
        State::Running,
        State::Succeeded,
        State::Failed,
        State::Cancelled,
        State::Interrupted,
    ];

    /// Whether it will not change any more.
    pub fn is_over(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Succeeded => "succeeded",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
            State::Interrupted => "interrupted",
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl Run {
    /// It begins now.
    pub fn start(&mut self) {
        self.state = State::Running;
        self.started_at = Some(clock::now());
    }

    /// It ends now. A restore makes no artifact.
    pub fn end(&mut self, state: State, made: Result<Option<Artifact>, Failure>) {
        self.end_at(clock::now(), state, made);
    }

    /// It has ended at that time.
    pub fn end_at(&mut self, at: Timestamp, state: State, made: Result<Option<Artifact>, Failure>) {
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
