//! The index as a run or a reader is to see it where packs are known to be damaged.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use parking_lot::Mutex;
use rustic_core::repofile::{IndexFile, IndexPack};
use rustic_core::{BlobId, Id};

use super::error::guarded;
use super::gate::VerdictGate;
use super::opened::Opened;
use super::sealed;
use crate::error::Result;
use crate::store::Store;

/// What a repository is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexView {
    /// To look at what lies there, as it lies there.
    Whole,
    /// To read backups: what lies in a damaged pack is read from there only if it lies nowhere else.
    Reading,
    /// To make backups: what lies in a damaged pack is not there, and is stored once more.
    Writing,
}

/// Index files in place of those that lie in the store, by their ids.
#[derive(Debug, Default)]
pub(super) struct ReplacedIndexes(Mutex<HashMap<Id, Bytes>>);

impl ReplacedIndexes {
    pub(super) fn get(&self, id: &Id) -> Option<Bytes> {
        self.0.lock().get(id).cloned()
    }

    /// Replaces those that name packs of `damaged`. The index must not have been read yet.
    pub(super) fn hide(
        &self,
        store: &Store,
        gate: &VerdictGate,
        repository: &Opened,
        damaged: &HashSet<Id>,
        view: IndexView,
    ) -> Result<()> {
        if damaged.is_empty() || view == IndexView::Whole {
            return Ok(());
        }
        let is_damaged = |pack: &IndexPack| damaged.contains(&*pack.id);
        let mut files = Vec::new();
        let mut elsewhere = HashSet::new();
        guarded(store, gate, || {
            for file in repository.stream_files::<IndexFile>()? {
                let (id, file) = file?;
                if file.packs.iter().any(is_damaged) {
                    files.push((*id, file));
                }
            }
            if view == IndexView::Reading {
                let packs = files.iter().flat_map(|(_, file)| &file.packs);
                let hidden = blobs(packs.filter(|pack| is_damaged(pack))).collect();
                elsewhere = in_sound_packs(repository, &hidden, damaged)?;
            }
            Ok(())
        })?;
        let key = sealed::master(&repository.key())?;
        for (id, mut file) in files {
            for pack in file.packs.iter_mut().filter(|pack| is_damaged(pack)) {
                let is_hidden = |blob: &BlobId| match view {
                    IndexView::Reading => elsewhere.contains(blob),
                    IndexView::Writing | IndexView::Whole => true,
                };
                pack.blobs.retain(|blob| !is_hidden(&blob.id));
            }
            file.packs.retain(|pack| !pack.blobs.is_empty());
            let text = serde_json::to_vec(&file).unwrap_or_default();
            let sealed = sealed::seal(text, &key)?;
            self.0.lock().insert(id, sealed.into());
        }
        Ok(())
    }
}

fn blobs<'a>(packs: impl Iterator<Item = &'a IndexPack>) -> impl Iterator<Item = BlobId> {
    packs.flat_map(|pack| pack.blobs.iter().map(|blob| blob.id))
}

/// Those of `wanted` that lie in a pack which is not damaged.
fn in_sound_packs(
    repository: &Opened,
    wanted: &HashSet<BlobId>,
    damaged: &HashSet<Id>,
) -> Result<HashSet<BlobId>, Box<rustic_core::RusticError>> {
    let mut found = HashSet::new();
    for file in repository.stream_files::<IndexFile>()? {
        let (_, file) = file?;
        let sound = file.packs.iter();
        let sound = sound.filter(|pack| !damaged.contains(&*pack.id));
        found.extend(blobs(sound).filter(|blob| wanted.contains(blob)));
    }
    Ok(found)
}
