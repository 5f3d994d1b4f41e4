//! How a strategy stands, as clients see it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::reason::StatusReason;
use super::state::MemberState;
use crate::history::{Run, RunFailure, RunKind, RunState};
use crate::service::runs::Progress;

/// How a sidecar stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct SidecarStatus {
    /// When the states were judged. RFC 3339, UTC.
    pub as_of: Timestamp,
    /// When the stores were last listed; left out without stores, or before they have answered. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed_at: Option<Timestamp>,
    /// The worst of all.
    pub state: MemberState,
    /// The only strategy, or each of several in the order of the file.
    pub members: Vec<MemberStatus>,
    /// What several strategies make together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<MemberStatus>,
}

impl SidecarStatus {
    /// Whether two say the same but for the times at which they were asked and how far a run is.
    pub fn stands_like(&self, other: &Self) -> bool {
        let steady = |status: &Self| {
            let mut status = status.clone();
            (status.as_of, status.listed_at) = (Timestamp::UNIX_EPOCH, None);
            for member in status.members.iter_mut().chain(&mut status.set) {
                for store in &mut member.stores {
                    store.listed_at = store.listed_at.filter(|_| store.error.is_some());
                }
                if let Some(running) = &mut member.running {
                    running.progress = None;
                }
            }
            status
        };
        steady(self) == steady(other)
    }
}

/// How a strategy stands, or the set of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberStatus {
    /// What it is called among several; left out of the only one, and of the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The strategy's type, such as `database_dump`.
    pub strategy: String,
    /// As the clock says at `as_of`.
    pub state: MemberState,
    /// When the first of the reasons began. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why the state is not `fresh`, the gravest first; at most 20.
    pub why: Vec<StatusReason>,
    /// The newest backup of which a store has a copy that is not known to be damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// When the last backup was due. Without a schedule: when the next one is expected. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When the schedule starts the next run. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// What runs beside all this.
    #[serde(
        default,
        deserialize_with = "if_known",
        skip_serializing_if = "Option::is_none"
    )]
    pub running: Option<RunInProgress>,
    /// The last run that made a backup, or should have.
    #[serde(
        default,
        deserialize_with = "if_known",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_run: Option<LastRun>,
    /// The copy that was last read as a whole and is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_verified: Option<VerifiedCopy>,
    /// The last drill that is over.
    #[serde(
        default,
        deserialize_with = "if_known",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_drill: Option<DrillResult>,
    /// The last drill that has passed: since then, a backup is known to come back.
    #[serde(
        default,
        deserialize_with = "if_known",
        skip_serializing_if = "Option::is_none"
    )]
    pub proven: Option<DrillResult>,
    /// Copies that are known to be damaged; at most 20.
    pub damaged: Vec<DamagedCopy>,
    /// Backups that a store has yet to get; at most 20.
    pub missing_uploads: Vec<MissingUpload>,
    /// The stores, in the order of the configuration.
    pub stores: Vec<StoreStatus>,
}

/// The newest good backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastGood {
    /// Of the run that made it.
    pub id: String,
    /// When that run began. RFC 3339, UTC.
    pub at: Timestamp,
    /// Bytes, as it lies in the store; in a repository, those that it added.
    pub size: u64,
    /// Bytes before compression and encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_size: Option<u64>,
    /// The stores that hold a good copy; none if it lies in `paths.artifacts`.
    pub stores: Vec<String>,
    /// What is to be looked at although it is good: warnings of its run, and what was left out by permission.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warnings: usize,
}

/// A run in progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInProgress {
    /// Of the run.
    pub id: String,
    /// What it is for.
    pub kind: RunKind,
    /// `queued` or `running`.
    pub state: RunState,
    /// What asked for it.
    pub asked_by: String,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Left out where another process runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastRun {
    /// Of the run.
    pub id: String,
    /// How it ended.
    pub state: RunState,
    /// What asked for it.
    pub asked_by: String,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Milliseconds from the start to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why it made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

impl From<&Run> for LastRun {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id.clone(),
            state: run.state,
            asked_by: run.asked_by.clone(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            duration_ms: run.duration_ms,
            error: run.error.clone(),
        }
    }
}

/// A copy that was read as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifiedCopy {
    /// Of the backup.
    pub id: String,
    /// The store's name.
    pub store: String,
    /// When it was read. RFC 3339, UTC.
    pub at: Timestamp,
}

/// A drill that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillResult {
    /// Of the run.
    pub id: String,
    /// `succeeded` if the backup came back and the checks passed.
    pub state: RunState,
    /// When it ended. RFC 3339, UTC.
    pub at: Timestamp,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

/// A copy that is known to be damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DamagedCopy {
    /// Of the backup; left out where no manifest says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The store's name.
    pub store: String,
    /// Of the artifact, or of the manifest that cannot be used.
    pub key: String,
    /// When it was found; left out where it is found at each listing. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What is wrong with it.
    pub reason: String,
    /// Stores that hold a good copy of the same backup.
    pub good: Vec<String>,
}

/// A backup that a store has yet to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingUpload {
    /// Of the backup.
    pub id: String,
    /// When its run began. RFC 3339, UTC.
    pub at: Timestamp,
    /// The stores that have missed it.
    pub stores: Vec<String>,
}

/// A store, as it was last listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreStatus {
    /// Its name.
    pub name: String,
    /// Good backups in it, each counted once.
    pub backups: usize,
    /// Bytes of all copies of this strategy in it; left out of a repository, whose backups share theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it last answered. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed_at: Option<Timestamp>,
    /// Why it did not answer when it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What a later version says in words that this one does not know counts as not said.
fn if_known<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
