//! What no backup needs any more: first its snapshots, then, in two steps, its bytes.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{Span, Timestamp};
use rustic_core::{LimitOption, PruneOptions};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::backend::hex;
use super::error::guarded;
use super::gate::VerdictGate;
use super::opened;
use super::unnamed;
use super::upload::TAG;
use crate::config::RepositorySpec;
use crate::error::Result;
use crate::store::Store;

/// Where is written down when bytes were removed last.
const NOTE: &str = ".sidecar/repository-pruned.json";

/// What a prune did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepositoryPruning {
    /// Snapshots that were deleted.
    pub snapshots: usize,
    /// Snapshots of sidecars that no manifest names, and that were left where they are.
    pub stray: usize,
    /// Whether unused bytes were looked for.
    pub bytes: bool,
}

#[derive(Serialize, Deserialize)]
struct PruneNote {
    at: Timestamp,
}

/// When bytes were removed last; none if that is not known.
pub async fn was_pruned_at(store: &Store) -> Option<Timestamp> {
    let note = store.get(NOTE).await.ok()?;
    let note: PruneNote = serde_json::from_slice(&note).ok()?;
    Some(note.at)
}

/// Which snapshots of sidecars stay, and which go.
pub struct SnapshotChoice {
    /// Those that manifests name.
    pub named: HashSet<String>,
    /// Those whose manifest was deleted on purpose. Others may have lost theirs: they stay.
    pub unnamed: HashSet<String>,
}

/// Removes the snapshots that are chosen, and, if `bytes`, what no snapshot of any program needs. The store's lock must be
/// held, and no other program be at work. Blocks: not for a thread of the event loop.
pub fn prune(
    store: &Store,
    driver: &Handle,
    choice: &SnapshotChoice,
    bytes: bool,
) -> Result<RepositoryPruning> {
    let gate = Arc::new(VerdictGate::default());
    let spec = opened::spec(store)?;
    let repository = opened::open(store, driver, &gate)?;
    let (snapshots, stray) = guarded(store, &gate, || {
        let (gone, stray): (Vec<_>, Vec<_>) = repository
            // Its filter is asked before a snapshot has its id.
            .get_matching_snapshots(|snapshot| snapshot.tags.contains(TAG))?
            .iter()
            .map(|snapshot| snapshot.id)
            .filter(|id| !choice.named.contains(&hex(**id)))
            .partition(|id| choice.unnamed.contains(&hex(**id)));
        if !gone.is_empty() {
            repository.delete_snapshots(&gone)?;
        }
        Ok((gone.len(), stray.len()))
    })?;
    if !choice.unnamed.is_empty() {
        driver.block_on(unnamed::forget(store))?;
    }
    if bytes {
        guarded(store, &gate, || {
            let options = options(spec);
            let plan = repository.prune_plan(&options)?;
            repository.prune(&options, plan)
        })?;
        let note = PruneNote { at: store.now() };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        driver.block_on(store.put(NOTE, note))?;
    }
    Ok(RepositoryPruning {
        snapshots,
        stray,
        bytes,
    })
}

fn options(spec: &RepositorySpec) -> PruneOptions {
    let seconds = i64::try_from(spec.keep_deleted.as_secs()).unwrap_or(i64::MAX);
    PruneOptions::default()
        .max_unused(LimitOption::Percentage(u64::from(spec.max_unused)))
        .keep_delete(Span::new().try_seconds(seconds).unwrap_or_default())
}
