//! Packs that are known to be damaged: new backups build on none of them, and nothing is pruned while one is there.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rustic_core::repofile::{BlobType, IndexFile, IndexPack, Tree};
use rustic_core::{BlobId, FileType, Id, IndexedFullStatus, Repository, TreeId};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::backend::{hex, key};
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::opened;
use crate::artifact::manifest::InRepository;
use crate::digest::DigestMeter;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, StoreFailure, failure, is_damage};

const NOTE: &str = ".sidecar/repository-damaged.json";

#[derive(Debug, Default, Serialize, Deserialize)]
struct DamageNote {
    packs: BTreeSet<String>,
}

/// Those that were found to be damaged, and not found to be whole since.
pub async fn known_damage(store: &Store) -> Result<HashSet<Id>> {
    let note = read(store).await?;
    let ids = note.packs.iter().map(|pack| pack.parse::<Id>());
    ids.collect::<std::result::Result<_, _>>()
        .map_err(|_| unreadable(store))
}

/// Notes what was found of packs. Some credentials may only read: then it is said, and nothing fails.
pub(super) async fn note(store: &Store, damaged: &[Id], whole: &[Id]) {
    let noted = async {
        let mut note = read(store).await?;
        let before = note.packs.clone();
        note.packs.extend(damaged.iter().copied().map(hex));
        for id in whole {
            note.packs.remove(&hex(*id));
        }
        if note.packs == before {
            return Ok(());
        }
        let text = serde_json::to_vec(&note).unwrap_or_default();
        store.put(NOTE, text).await
    };
    if let Err(error) = noted.await {
        let (store, hint) = (store.name(), error.hint_text());
        tracing::warn!(
            store,
            hint,
            "which objects of the repository are damaged cannot be written down, and later backups may build on them: {error}"
        );
    }
}

/// After a backup was found to be damaged: looks at all that it rests on, and notes what is damaged of it.
pub async fn examine(store: &Store, at: &InRepository) -> Result<()> {
    let (from, driver, at) = (store.clone(), Handle::current(), at.clone());
    let work = move || {
        let gate = Arc::new(VerdictGate::default());
        let needed = needed(&from, &driver, &gate, IndexView::Whole, &at);
        gate.close();
        needed
    };
    let needed = tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::run("internal", "the repository's thread ended early").caused_by(error)
    })??;
    let (mut damaged, mut whole) = (Vec::new(), Vec::new());
    for pack in needed.packs {
        match is_whole(store, pack).await? {
            true => whole.push(pack),
            false => damaged.push(pack),
        }
    }
    note(store, &damaged, &whole).await;
    Ok(())
}

/// Whether a pack has the bytes that it was written with: its name is their SHA-256.
pub(super) async fn is_whole(store: &Store, pack: Id) -> Result<bool> {
    let read = async {
        let mut reading = store.read(&key(FileType::Pack, &pack), 0..u64::MAX).await?;
        let mut meter = DigestMeter::default();
        while let Some(piece) = reading.next().await? {
            meter.add(&piece);
        }
        Ok::<_, Error>(meter.done().sha256.to_string() == hex(pack))
    };
    match read.await {
        Err(error) if is_damage(&error) => Ok(false),
        read => read,
    }
}

/// What a backup rests on.
pub(super) struct NeededPacks {
    pub(super) packs: Vec<Id>,
    /// Whether every directory of it could be read: others may be needed, too.
    pub(super) is_complete: bool,
}

/// The packs in which a backup lies, as `view` shows them; of one whose directories cannot all be read, all that hold
/// directories.
pub(super) fn needed(
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
    view: IndexView,
    at: &InRepository,
) -> Result<NeededPacks> {
    let repository = opened::open(store, driver, gate, view)?;
    let Ok(tree) = at.tree.parse::<TreeId>() else {
        return Ok(NeededPacks {
            packs: Vec::new(),
            is_complete: false,
        });
    };
    guarded(store, gate, || {
        let files = repository.stream_files::<IndexFile>()?;
        let packs = files.into_iter().map(|file| Ok(file?.1.packs));
        let packs: Vec<Vec<IndexPack>> = packs.collect::<Result<_, Box<_>>>()?;
        let mut blobs = HashSet::new();
        let is_complete = below(&repository.to_indexed()?, tree, &mut blobs);
        let is_needed = |pack: &&IndexPack| {
            let mut held = pack.blobs.iter();
            held.any(|blob| blobs.contains(&blob.id))
                || !is_complete && pack.blob_type() == BlobType::Tree
        };
        let needed = packs.iter().flatten().filter(is_needed);
        Ok(NeededPacks {
            packs: needed.map(|pack| *pack.id).collect(),
            is_complete,
        })
    })
}

/// Adds a directory and all below it. Returns whether all of that could be read.
fn below(
    repository: &Repository<IndexedFullStatus>,
    root: TreeId,
    blobs: &mut HashSet<BlobId>,
) -> bool {
    let mut is_complete = true;
    // No recursion: how deep it goes is not for us to say.
    let mut trees = vec![root];
    while let Some(tree) = trees.pop() {
        if !blobs.insert(tree.into()) {
            continue;
        }
        let bytes = repository.get_blob_cached(&tree.into(), BlobType::Tree);
        let directory = bytes.map(|bytes| serde_json::from_slice::<Tree>(&bytes));
        let Ok(Ok(directory)) = directory else {
            is_complete = false;
            continue;
        };
        for node in directory.nodes {
            blobs.extend(node.content.into_iter().flatten().map(BlobId::from));
            trees.extend(node.subtree);
        }
    }
    is_complete
}

async fn read(store: &Store) -> Result<DamageNote> {
    match store.get(NOTE).await {
        Ok(note) => serde_json::from_slice(&note).map_err(|_| unreadable(store)),
        Err(error) if failure(&error) == Some(StoreFailure::Missing) => Ok(DamageNote::default()),
        Err(error) => Err(error),
    }
}

fn unreadable(store: &Store) -> Error {
    let shown = store.shown(NOTE);
    let message = format!("{shown} does not say which objects of the repository are damaged");
    Error::new(Kind::Run, "repository-damage-unknown", message)
        .hint("delete it, and find out anew: `sidecar verify --all`")
}
