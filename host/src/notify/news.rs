//! What happened.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Event;

/// One event of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The run's id.
    pub id: String,
    /// The strategy's name.
    pub strategy: String,
    /// When the run started.
    pub started_at: Timestamp,
    /// How far it is.
    pub outcome: Outcome,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It runs.
    Started,
    /// It ended well.
    Succeeded {
        /// When.
        finished_at: Timestamp,
        /// What it made.
        artifact: Artifact,
        /// The names of the stores that have it.
        stores: Vec<String>,
    },
    /// It ended otherwise.
    Failed {
        /// When.
        finished_at: Timestamp,
        /// Why.
        error: Failure,
    },
}

/// What a run made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Artifact {
    /// A plain name.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// Why a run failed, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// Kebab-case, stable.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<&crate::error::Error> for Failure {
    fn from(error: &crate::error::Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl News {
    /// Which event it is.
    pub fn event(&self) -> Event {
        match self.outcome {
            Outcome::Started => Event::Start,
            Outcome::Succeeded { .. } => Event::Success,
            Outcome::Failed { .. } => Event::Failure,
        }
    }

    /// The body of a webhook: the names of `sidecar backup --json`, and `text` for chats.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "event": self.event(),
            "text": self.text(),
            "id": self.id,
            "strategy": self.strategy,
            "started_at": self.started_at,
        });
        match &self.outcome {
            Outcome::Started => {}
            Outcome::Succeeded {
                finished_at,
                artifact,
                stores,
            } => {
                body["finished_at"] = json!(finished_at);
                body["duration_ms"] = self.milliseconds(*finished_at).into();
                body["artifact"] = json!(artifact);
                body["stores"] = json!(stores);
            }
            Outcome::Failed { finished_at, error } => {
                body["finished_at"] = json!(finished_at);
                body["duration_ms"] = self.milliseconds(*finished_at).into();
                body["error"] = json!(error);
            }
        }
        body
    }

    /// One line for people.
    fn text(&self) -> String {
        let strategy = &self.strategy;
        match &self.outcome {
            Outcome::Started => format!("backup ({strategy}) started"),
            Outcome::Succeeded {
                finished_at,
                artifact,
                ..
            } => format!(
                "backup ({strategy}) succeeded: {}, {}, in {}",
                artifact.filename,
                indicatif::HumanBytes(artifact.size),
                self.seconds(*finished_at),
            ),
            Outcome::Failed { finished_at, error } => {
                let hint = error.hint.as_deref().map(|hint| format!(" ({hint})"));
                format!(
                    "backup ({strategy}) failed after {}: {}{}",
                    self.seconds(*finished_at),
                    error.message,
                    hint.unwrap_or_default(),
                )
            }
        }
    }

    fn milliseconds(&self, finished_at: Timestamp) -> i64 {
        let took = finished_at.duration_since(self.started_at);
        i64::try_from(took.as_millis()).unwrap_or(i64::MAX).max(0)
    }

    fn seconds(&self, finished_at: Timestamp) -> String {
        format!("{} s", self.milliseconds(finished_at) / 1000)
    }
}
