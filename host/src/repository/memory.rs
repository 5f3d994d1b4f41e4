//! What the index of a repository needs of memory: the one thing that grows with it.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::opened;
use crate::error::Result;
use crate::store::Store;

/// Bytes for each blob while a backup is made: its id.
const BACKUP: u64 = 32;
/// And while one is read: also where it lies.
const RESTORE: u64 = 50;

/// How large the index of a repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexMemory {
    /// Stretches of bytes that it knows.
    pub blobs: u64,
    /// Bytes of memory while a backup is made.
    pub backup: u64,
    /// Bytes of memory while one is read.
    pub restore: u64,
}

impl IndexMemory {
    /// What an index of so many stretches needs.
    pub fn of(blobs: u64) -> Self {
        Self {
            blobs,
            backup: blobs * BACKUP,
            restore: blobs * RESTORE,
        }
    }
}

/// Counts what the index knows. Blocks: not for a thread of the event loop.
pub fn index_memory(store: &Store, driver: &Handle) -> Result<IndexMemory> {
    let gate = Arc::new(VerdictGate::default());
    let repository = opened::open(store, driver, &gate, IndexView::Whole)?;
    let known = guarded(store, &gate, || repository.infos_index())?;
    let blobs = known.blobs.iter().map(|kind| kind.count).sum();
    Ok(IndexMemory::of(blobs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_blobs_need_some_tens_of_megabytes() {
        let memory = IndexMemory::of(1_000_000);
        assert_eq!((memory.backup, memory.restore), (32_000_000, 50_000_000));
    }
}
