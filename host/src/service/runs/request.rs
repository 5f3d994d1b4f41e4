//! What a caller asks of the service.

use std::fmt;
use std::time::Duration;

use crate::digest::Digest;
use crate::history;
use crate::sandbox::{Choices, DEFAULT_WAIT, Purpose, Selection};

/// What a caller may say about a run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Unique; sorts by time.
    pub id: String,
    /// What the orchestrator gave, for the commands.
    pub drive_folder_id: Option<String>,
    /// What asks: "command line", "http 10.0.0.3".
    pub asked_by: String,
    /// Asking again with the same key is the same run.
    pub idempotency_key: Option<String>,
    /// Whether the artifact waits in the download cache until a client has fetched it.
    pub downloadable: bool,
    /// What is to be done.
    pub task: Task,
    /// Which of several strategies does it; none: the only one, or the set of all.
    pub strategy: Option<String>,
    /// The run of the set that it belongs to.
    pub set_id: Option<String>,
    /// Whether the caller has the lease that replicas share.
    pub has_lease: bool,
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
    /// Reads one again, or all, and compares.
    Verify(VerifyOrder),
}

/// Which backups are read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOrder {
    /// An id, the beginning of one, or "latest"; none: all, of repositories the share that is due.
    pub which: Option<String>,
    /// Consequences that the operator accepted ("plaintext").
    pub accept: Vec<String>,
}

/// Which backup comes back, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// An id, the beginning of one, or "latest".
    pub which: String,
    /// None: everything.
    pub only: Vec<Selection>,
    /// A URL or a directory; left out: where the configuration says that it came from.
    pub into: Option<String>,
    /// Whether what is there may be overwritten.
    pub replace: bool,
    /// Consequences beyond that which the operator accepted ("end-sessions").
    pub accept: Vec<String>,
    /// How long to wait for others to let go of what is replaced; left out: 10 s.
    pub wait: Option<Duration>,
}

impl Order {
    /// All of a backup, to where it came from.
    pub fn all_of(which: &str) -> Self {
        Self {
            which: which.to_owned(),
            only: Vec::new(),
            into: None,
            replace: false,
            accept: Vec::new(),
            wait: None,
        }
    }

    /// What a module is told of it.
    pub(in crate::service) fn choices(&self, run: &str, purpose: Purpose) -> Choices {
        Choices {
            purpose,
            accepted: self.accept.clone(),
            wait: self.wait.unwrap_or(DEFAULT_WAIT),
            ..Choices::of_run(run)
        }
    }
}

/// What later versions added is only there when it says something: journals hold the text's digest.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Order");
        shown
            .field("which", &self.which)
            .field("only", &self.only)
            .field("into", &self.into)
            .field("replace", &self.replace);
        if !self.accept.is_empty() {
            shown.field("accept", &self.accept);
        }
        if let Some(wait) = self.wait {
            shown.field("wait", &wait);
        }
        shown.finish()
    }
}

impl Task {
    /// As the journal calls it.
    pub fn kind(&self) -> history::RunKind {
        match self {
            Self::Backup => history::RunKind::Backup,
            Self::Restore(_) => history::RunKind::Restore,
            Self::Drill => history::RunKind::Drill,
            Self::Verify(_) => history::RunKind::Verify,
        }
    }
}

impl RunRequest {
    /// Of what is to be done: the same key with another one is not the same run. Journals hold it, so
    /// the names of these types and their fields must not change.
    pub(super) fn fingerprint(&self) -> String {
        let asked = format!("{:?}", (&self.drive_folder_id, &self.task));
        let of = self
            .strategy
            .iter()
            .map(|strategy| format!(" of {strategy}"));
        let asked: String = std::iter::once(asked).chain(of).collect();
        Digest::of_bytes(asked.as_bytes()).to_string()
    }

    /// A run of its own.
    pub fn new(drive_folder_id: Option<String>) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            drive_folder_id,
            asked_by: "command line".to_owned(),
            idempotency_key: None,
            downloadable: false,
            task: Task::Backup,
            strategy: None,
            set_id: None,
            has_lease: false,
        }
    }

    /// A drill.
    pub fn drill() -> Self {
        Self {
            task: Task::Drill,
            ..Self::new(None)
        }
    }

    /// A verification of one backup; without a name, of all.
    pub fn verify(which: Option<&str>, accept: &[String]) -> Self {
        Self {
            task: Task::Verify(VerifyOrder {
                which: which.map(str::to_owned),
                accept: accept.to_vec(),
            }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_of_earlier_versions_know_the_fingerprint() {
        let restore = RunRequest::restore(Order {
            which: "latest".to_owned(),
            only: vec![Selection {
                name: "app1".to_owned(),
                new_name: None,
                written_as_one: false,
            }],
            into: None,
            replace: false,
            accept: Vec::new(),
            wait: None,
        });
        let written = "(None, Restore(Order { which: \"latest\", only: [Selection { name: \"app1\", \
                       new_name: None }], into: None, replace: false }))";
        let fingerprint = |text: &str| Digest::of_bytes(text.as_bytes()).to_string();
        assert_eq!(restore.fingerprint(), fingerprint(written));
        let backup = RunRequest::new(Some("folder".to_owned()));
        let written = "(Some(\"folder\"), Backup)";
        assert_eq!(backup.fingerprint(), fingerprint(written));
    }
}
