//! What a caller asks of the service.

use super::Order;
use crate::artifact::Digest;
use crate::history;

/// What a caller may say about a run.
#[derive(Debug, Clone)]
pub struct Request {
    /// Unique; sorts by time.
    pub id: String,
    /// What the orchestrator gave, for the commands.
    pub drive_folder_id: Option<String>,
    /// Who asks: "command line", "http 10.0.0.3".
    pub asked_by: String,
    /// Asking again with the same key is the same run.
    pub idempotency_key: Option<String>,
    /// Whether the artifact waits until somebody has fetched it.
    pub keep: bool,
    /// What is to be done.
    pub task: Task,
}

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Makes a backup.
    Backup,
    /// Brings one back.
    Restore(Order),
    /// Tries whether the latest one comes back.
    Drill,
}

impl Task {
    /// As the journal calls it.
    pub fn kind(&self) -> history::Kind {
        match self {
            Self::Backup => history::Kind::Backup,
            Self::Restore(_) => history::Kind::Restore,
            Self::Drill => history::Kind::Drill,
        }
    }
}

impl Request {
    /// Of what is to be done: the same key with another one is not the same run.
    pub(super) fn fingerprint(&self) -> String {
        Digest::of_bytes(format!("{:?}", (&self.drive_folder_id, &self.task)).as_bytes())
            .to_string()
    }

    /// A run of its own.
    pub fn new(drive_folder_id: Option<String>) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            drive_folder_id,
            asked_by: "command line".to_owned(),
            idempotency_key: None,
            keep: false,
            task: Task::Backup,
        }
    }

    /// A drill.
    pub fn drill() -> Self {
        Self {
            task: Task::Drill,
            ..Self::new(None)
        }
    }

    /// A restore.
    pub fn restore(order: Order) -> Self {
        Self {
            task: Task::Restore(order),
            ..Self::new(None)
        }
    }
}
