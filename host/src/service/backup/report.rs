//! What a backup tells its caller.

use jiff::Timestamp;
use serde::Serialize;

use crate::artifact::manifest::Sha256;
use crate::clock::Doubt;
use crate::history::{Run, RunArtifact, RunFailure, StoreKeys};

/// A backup that was made: what `sidecar backup --json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct CompletedBackup {
    /// The run's id.
    pub id: String,
    /// The strategy's canonical name.
    pub strategy: String,
    /// What it made.
    pub artifact: RunArtifact,
    /// Which stores have it.
    pub stores: Vec<StoreKeys>,
    /// What the retention could not do there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RunFailure>,
    /// RFC 3339, UTC.
    pub started_at: Timestamp,
    /// RFC 3339, UTC.
    pub finished_at: Timestamp,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why the clock was not trusted: nothing old was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_doubt: Option<String>,
    /// What it is called among several strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Of a set: what its members made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<CompletedBackup>,
    /// Of its manifest, in every store.
    #[serde(skip)]
    pub(in crate::service) identity: Sha256,
}

/// What a run has made.
pub(in crate::service) struct MadeBackup {
    pub(in crate::service) artifact: RunArtifact,
    pub(in crate::service) stores: Vec<StoreKeys>,
    /// Of its manifest, in every store.
    pub(in crate::service) identity: Sha256,
}

impl CompletedBackup {
    /// Of a run that has ended.
    pub(super) fn new(run: Run, made: MadeBackup, doubt: Option<Doubt>) -> Self {
        Self {
            clock_doubt: doubt.map(|doubt| doubt.to_string()),
            artifact: made.artifact,
            stores: made.stores,
            identity: made.identity,
            member: run.member,
            members: Vec::new(),
            started_at: run.started_at.unwrap_or(run.queued_at),
            finished_at: run.finished_at.unwrap_or(run.queued_at),
            duration_ms: run.duration_ms.unwrap_or(0),
            warnings: run.warnings,
            id: run.id,
            strategy: run.strategy,
        }
    }
}
