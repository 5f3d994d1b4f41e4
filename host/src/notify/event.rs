//! What happened.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Event;

/// One event of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEvent {
    /// The run's id.
    pub id: String,
    /// The strategy's name.
    pub strategy: String,
    /// When the run started.
    pub started_at: Timestamp,
    /// How far it is.
    pub outcome: EventOutcome,
    /// What is to be looked at although it may have succeeded, such as a backup that could not be deleted.
    pub warnings: Vec<EventFailure>,
    /// Why the clock is not trusted, in the first event after that was found.
    pub clock_doubt: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// It runs.
    Started,
    /// It ended well.
    Succeeded {
        /// When.
        finished_at: Timestamp,
        /// Milliseconds from the start to the end, which no clock that is set changes.
        duration_ms: u64,
        /// What it made.
        artifact: EventArtifact,
        /// The names of the stores that have it.
        stores: Vec<String>,
        /// What is to be looked at all the same, such as a `post` that failed.
        warnings: Vec<EventFailure>,
    },
    /// It ended otherwise.
    Failed {
        /// When.
        finished_at: Timestamp,
        /// Milliseconds from the start to the end, which no clock that is set changes.
        duration_ms: u64,
        /// Why.
        error: EventFailure,
    },
}

/// What a run made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventArtifact {
    /// A plain name.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
    /// What belongs in it and is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omissions: Vec<EventOmission>,
}

/// What belongs in a backup and is not in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventOmission {
    /// What is missing.
    pub what: String,
    /// Kebab-case, stable.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// Why a run failed, or what it warns of, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventFailure {
    /// Kebab-case, stable.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl EventArtifact {
    /// ", without trigger shop.tr and 2 more"; nothing for a complete one.
    fn lacks(&self) -> String {
        match self.omissions.as_slice() {
            [] => String::new(),
            [one] => format!(", without {}", one.what),
            [first, others @ ..] => format!(", without {} and {} more", first.what, others.len()),
        }
    }
}

impl From<&crate::error::Error> for EventFailure {
    fn from(error: &crate::error::Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl RunEvent {
    /// Which event it is.
    pub fn event(&self) -> Event {
        match self.outcome {
            EventOutcome::Started => Event::Start,
            EventOutcome::Succeeded { .. } => Event::Success,
            EventOutcome::Failed { .. } => Event::Failure,
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
        if let Some(doubt) = &self.clock_doubt {
            body["clock_doubt"] = json!(doubt);
        }
        if !self.warnings.is_empty() {
            body["warnings"] = json!(self.warnings);
        }
        match &self.outcome {
            EventOutcome::Started => {}
            EventOutcome::Succeeded {
                finished_at,
                duration_ms,
                artifact,
                stores,
                warnings,
            } => {
                body["finished_at"] = json!(finished_at);
                body["duration_ms"] = json!(duration_ms);
                body["artifact"] = json!(artifact);
                body["stores"] = json!(stores);
                if !warnings.is_empty() {
                    body["warnings"] = json!(warnings);
                }
            }
            EventOutcome::Failed {
                finished_at,
                duration_ms,
                error,
            } => {
                body["finished_at"] = json!(finished_at);
                body["duration_ms"] = json!(duration_ms);
                body["error"] = json!(error);
            }
        }
        body
    }

    /// One line for people.
    fn text(&self) -> String {
        let mut text = self.outcome_text();
        match self.warnings.as_slice() {
            [] => {}
            [one] => text.push_str(&format!("; warning: {}", one.message)),
            [first, others @ ..] => text.push_str(&format!(
                "; warning: {} (and {} more)",
                first.message,
                others.len()
            )),
        }
        if let Some(doubt) = &self.clock_doubt {
            text.push_str(&format!(
                "; the clock is not trusted, nothing old is deleted: {doubt}"
            ));
        }
        text
    }

    fn outcome_text(&self) -> String {
        let strategy = &self.strategy;
        match &self.outcome {
            EventOutcome::Started => format!("backup ({strategy}) started"),
            EventOutcome::Succeeded {
                duration_ms,
                artifact,
                warnings,
                ..
            } => format!(
                "backup ({strategy}) succeeded: {}, {}, in {}{}{}",
                artifact.filename,
                indicatif::HumanBytes(artifact.size),
                seconds(*duration_ms),
                artifact.lacks(),
                but(warnings),
            ),
            EventOutcome::Failed {
                duration_ms, error, ..
            } => {
                let hint = error.hint.as_deref().map(|hint| format!(" ({hint})"));
                format!(
                    "backup ({strategy}) failed after {}: {}{}",
                    seconds(*duration_ms),
                    error.message,
                    hint.unwrap_or_default(),
                )
            }
        }
    }
}

/// "; but post failed: …".
fn but(warnings: &[EventFailure]) -> String {
    match warnings {
        [] => String::new(),
        [one] => format!("; but {}", one.message),
        [first, others @ ..] => format!("; but {} (and {} more)", first.message, others.len()),
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{} s", milliseconds / 1000)
}
