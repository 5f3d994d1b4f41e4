//! Snapshots whose manifests were deleted on purpose, until they are deleted, too: a lock of restic's, a clock in doubt or a
//! crash may come in between, and what no note names is taken for a backup that lost its manifest.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::store::Store;

const NOTE: &str = ".sidecar/repository-unnamed.json";

#[derive(Default, Serialize, Deserialize)]
struct UnnamedNote {
    snapshots: HashSet<String>,
}

/// Adds `more` to the note, and returns all that it names. The store's lock must be held.
pub async fn note_unnamed(store: &Store, more: &HashSet<String>) -> Result<HashSet<String>> {
    let mut note = read(store).await;
    if !more.is_subset(&note.snapshots) {
        note.snapshots.extend(more.iter().cloned());
        let text = serde_json::to_vec(&note).unwrap_or_default();
        store.put(NOTE, text).await?;
    }
    Ok(note.snapshots)
}

/// All of them are gone.
pub(super) async fn forget(store: &Store) -> Result<()> {
    store.delete(NOTE).await
}

/// One that cannot be read names none: snapshots stay, and that is told.
async fn read(store: &Store) -> UnnamedNote {
    let note = store.get(NOTE).await.ok();
    note.and_then(|note| serde_json::from_slice(&note).ok())
        .unwrap_or_default()
}
