//! What no backup needs any more: first its snapshots, then, in two steps, its bytes.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Span, Timestamp};
use rustic_core::repofile::SnapshotId;
use rustic_core::{LimitOption, PruneOptions, RusticError};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::backend::hex;
use super::damage;
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::lock::{LockFolder, LockMode};
use super::opened::{self, Opened};
use super::unnamed;
use super::upload::TAG;
use crate::clock;
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
    /// Whether they were not because packs are known to be damaged: to pack them anew would hide that.
    pub is_damaged: bool,
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
/// held, and keep other sidecars out. While another program is at work there it is an error of the kind
/// [`Kind::Busy`](crate::error::Kind::Busy), and nothing is removed. Blocks: not for a thread of the event loop.
pub fn prune(
    store: &Store,
    driver: &Handle,
    choice: &SnapshotChoice,
    bytes: bool,
) -> Result<RepositoryPruning> {
    let gate = Arc::new(VerdictGate::default());
    let pruned = prune_behind(&gate, store, driver, choice, bytes);
    gate.close();
    pruned
}

fn prune_behind(
    gate: &Arc<VerdictGate>,
    store: &Store,
    driver: &Handle,
    choice: &SnapshotChoice,
    bytes: bool,
) -> Result<RepositoryPruning> {
    let spec = opened::spec(store)?;
    let repository = opened::open(store, driver, gate, IndexView::Whole)?;
    let is_damaged = !driver.block_on(damage::known_damage(store))?.is_empty();
    let bytes = bytes && !is_damaged;
    let (gone, stray): (Vec<SnapshotId>, Vec<SnapshotId>) = guarded(store, gate, || {
        let sidecars = repository
            // Its filter is asked before a snapshot has its id.
            .get_matching_snapshots(|snapshot| snapshot.tags.contains(TAG))?;
        let ids = sidecars.iter().map(|snapshot| snapshot.id);
        Ok(ids
            .filter(|id| !choice.named.contains(&hex(**id)))
            .partition(|id| choice.unnamed.contains(&hex(**id))))
    })?;
    if bytes || !gone.is_empty() {
        let locks = LockFolder {
            store: store.clone(),
            key: repository.key(),
            is_sole_sidecar: true,
        };
        let lock = driver.block_on(locks.lock(LockMode::Exclusive))?;
        let removed = guarded(store, gate, || {
            remove(&repository, &gone, bytes.then(|| options(spec)))
        });
        driver.block_on(lock.release());
        removed?;
    }
    if !choice.unnamed.is_empty() {
        driver.block_on(unnamed::forget(store))?;
    }
    if bytes {
        let note = PruneNote { at: store.now() };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        driver.block_on(store.put(NOTE, note))?;
    }
    Ok(RepositoryPruning {
        snapshots: gone.len(),
        stray: stray.len(),
        bytes,
        is_damaged,
    })
}

/// Snapshots first: what they alone needed is unused then.
fn remove(
    repository: &Opened,
    gone: &[SnapshotId],
    bytes: Option<PruneOptions>,
) -> Result<(), Box<RusticError>> {
    if !gone.is_empty() {
        repository.delete_snapshots(gone)?;
    }
    match bytes {
        Some(options) => {
            let plan = repository.prune_plan(&options)?;
            repository.prune(&options, plan)
        }
        None => Ok(()),
    }
}

fn options(spec: &RepositorySpec) -> PruneOptions {
    // The library asks the machine what time it is, and a test may have another clock.
    let elapsed = clock::now().duration_since(clock::machine());
    let duration = SignedDuration::try_from(spec.keep_deleted).unwrap_or(SignedDuration::MAX);
    let seconds = duration.saturating_sub(elapsed).as_secs();
    PruneOptions::default()
        .max_unused(LimitOption::Percentage(u64::from(spec.max_unused)))
        .keep_delete(Span::new().try_seconds(seconds).unwrap_or_default())
}
