//! Snapshots of one repository in another one. Where both have the same key, files are copied as they are: data, then the
//! index, then snapshots, so that nothing is named before it is there. Otherwise what the snapshots need is
//! packed and encrypted anew.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use rustic_core::repofile::{MasterKey, SnapshotFile};
use rustic_core::{
    CheckOptions, FileType, Id, IndexedFullStatus, ReadBackend, Repository, RusticError,
};
use tokio::runtime::Handle;

use super::backend::{StoreBackend, hex, key};
use super::damage;
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::lock::{LockFolder, LockMode, RepositoryLock};
use super::opened::{self, Opened};
use super::proof::packs;
use crate::artifact::manifest::InRepository;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, is_damage};

/// Files that are copied at once: each is in memory.
const PARALLEL: usize = 2;

/// A store with a repository, and whether its lock keeps other sidecars out.
pub struct RepositoryPlace<'s> {
    /// The store.
    pub store: &'s Store,
    /// See [`StoreLock::is_exclusive`](crate::store::StoreLock::is_exclusive).
    pub is_sole_sidecar: bool,
}

/// A transfer between two repositories, which are locked meanwhile. Its methods block: they are not for a
/// thread of the event loop.
pub struct RepositoryTransfer {
    source: Store,
    target: Store,
    driver: Handle,
    means: Means,
    locks: Vec<RepositoryLock>,
    /// Packs of the source that are damaged, and were not copied.
    damaged: HashSet<Id>,
}

/// How a snapshot gets there.
enum Means {
    /// As it is.
    Files,
    /// Packed anew. The gate knows what could not be read.
    Blobs(Box<Repository<IndexedFullStatus>>, Arc<VerdictGate>),
}

impl RepositoryTransfer {
    /// Makes the target's repository if there is none, with the source's key if both have the same password; then
    /// copies all files with bytes that are missing, if the key is the same. The locks of both stores must be held.
    pub fn begin(
        source: &RepositoryPlace<'_>,
        target: &RepositoryPlace<'_>,
        driver: &Handle,
    ) -> Result<Self> {
        let gate = Arc::new(VerdictGate::default());
        let from = opened::open(source.store, driver, &gate, IndexView::Reading)?;
        let to = open_target(source.store, target.store, driver, &gate)?;
        let mut locks = Vec::new();
        for (place, opened) in [(source, &from), (target, &to)] {
            let folder = LockFolder {
                store: place.store.clone(),
                key: opened.key(),
                is_sole_sidecar: place.is_sole_sidecar,
            };
            locks.push(driver.block_on(folder.lock(LockMode::Shared))?);
        }
        let is_same = from.config().id == to.config().id && is_same_key(&from.key(), &to.key());
        // One that is lost is in no list.
        let packs = guarded(source.store, &gate, || packs(&from))?;
        let packs = packs.into_iter().map(|pack| pack.id).collect();
        let means = match is_same {
            true => Means::Files,
            false => {
                let from = guarded(source.store, &gate, || from.to_indexed())?;
                Means::Blobs(Box::new(from), gate)
            }
        };
        let mut transfer = Self {
            source: source.store.clone(),
            target: target.store.clone(),
            driver: driver.clone(),
            means,
            locks,
            damaged: HashSet::new(),
        };
        if is_same {
            transfer.damaged = transfer.copy_missing(FileType::Pack, packs)?;
            if let Some(index) = transfer
                .copy_missing(FileType::Index, HashSet::new())?
                .into_iter()
                .next()
            {
                return Err(altered(source.store, &key(FileType::Index, &index)));
            }
            // The index over there names them, too.
            let damaged: Vec<Id> = transfer.damaged.iter().copied().collect();
            for store in [source.store, target.store] {
                driver.block_on(damage::note(store, &damaged, &[]));
            }
        }
        Ok(transfer)
    }

    /// Brings the snapshot that lies `at` a place in the source there. Returns where it lies then. One of which anything is
    /// damaged is an error.
    pub fn bring(&self, at: &InRepository) -> Result<InRepository> {
        match &self.means {
            Means::Files if self.is_there(at)? => {
                let id = at
                    .snapshot
                    .parse()
                    .map_err(|_| no_snapshot(&self.source, at))?;
                let copied = copy_file(&self.source, &self.target, FileType::Snapshot, id);
                self.driver.block_on(copied)?;
                Ok(at.clone())
            }
            // A damaged pack holds stretches that are whole, too.
            Means::Files => {
                let gate = Arc::new(VerdictGate::default());
                let from = opened::open(&self.source, &self.driver, &gate, IndexView::Reading)?;
                let from = guarded(&self.source, &gate, || from.to_indexed())?;
                self.pack_anew(&from, &gate, at)
            }
            Means::Blobs(from, gate) => self.pack_anew(from, gate, at),
        }
    }

    /// Whether no pack in which it lies was left out.
    fn is_there(&self, at: &InRepository) -> Result<bool> {
        if self.damaged.is_empty() {
            return Ok(true);
        }
        let gate = Arc::new(VerdictGate::default());
        let view = IndexView::Reading;
        let needed = damage::needed(&self.source, &self.driver, &gate, view, at)?;
        let mut packs = needed.packs.iter();
        Ok(needed.is_complete && !packs.any(|pack| self.damaged.contains(pack)))
    }

    /// Looks whether all is there that snapshots of the target need, and gives the locks back.
    pub fn finish(self) -> Result<()> {
        let checked = match self.damaged.len() {
            0 => self.check(),
            // Its index names what was not copied.
            damaged => {
                let store = self.source.name();
                tracing::warn!(
                    store,
                    hint = "`.sidecar/repository-damaged.json` in the store names them, and `sidecar list` what rests on them",
                    "{damaged} objects of the repository are damaged, and were not copied"
                );
                Ok(())
            }
        };
        for lock in self.locks {
            self.driver.block_on(lock.release());
        }
        checked
    }

    fn check(&self) -> Result<()> {
        let gate = Arc::new(VerdictGate::default());
        let target = opened::open(&self.target, &self.driver, &gate, IndexView::Whole)?;
        guarded(&self.target, &gate, || {
            target.check(CheckOptions::default())?.is_ok()
        })
    }

    /// Copies the files that the target lacks, of those that are `known` and all that lie there. Returns those that are
    /// damaged.
    fn copy_missing(&self, kind: FileType, known: HashSet<Id>) -> Result<HashSet<Id>> {
        let gate = Arc::new(VerdictGate::default());
        let ids = |store: &Store| {
            let backend = StoreBackend::new(store, &self.driver, &gate);
            let listed = guarded(store, &gate, || backend.list_with_size(kind))?;
            Ok::<HashSet<Id>, Error>(listed.into_iter().map(|(id, _)| id).collect())
        };
        let (there, mut wanted) = (ids(&self.target)?, ids(&self.source)?);
        wanted.extend(known);
        let missing: Vec<Id> = wanted.difference(&there).copied().collect();
        let copied = stream::iter(missing)
            .map(|id| async move {
                match copy_file(&self.source, &self.target, kind, id).await {
                    Ok(()) => Ok(None),
                    Err(error) if is_damage(&error) => Ok(Some(id)),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(PARALLEL)
            .try_filter_map(|damaged| async move { Ok(damaged) })
            .try_collect();
        self.driver.block_on(copied)
    }

    fn pack_anew(
        &self,
        from: &Repository<IndexedFullStatus>,
        read: &VerdictGate,
        at: &InRepository,
    ) -> Result<InRepository> {
        let gate = Arc::new(VerdictGate::default());
        gate.allow();
        let to = opened::open(&self.target, &self.driver, &gate, IndexView::Writing)?;
        let id = hex(*to.config().id);
        // What the target refused stands in the gate: all else was read.
        let brought = guarded(&self.source, &gate, || {
            let found = from.get_snapshots(&[&at.snapshot])?.into_iter().next();
            let Some(wanted) = found else { return Ok(None) };
            if let Some(there) = same(&to, &wanted)? {
                return Ok(Some(there));
            }
            let to = to.to_indexed_ids()?;
            from.copy(&to, [&wanted])?;
            same(&to.drop_index(), &wanted)
        });
        let brought = brought.map_err(|error| read.cause().unwrap_or(error))?;
        let snapshot = brought.ok_or_else(|| no_snapshot(&self.source, at))?;
        Ok(InRepository {
            id,
            snapshot,
            ..at.clone()
        })
    }
}

/// The snapshot that was copied from `wanted` earlier. Trees have the same name wherever they lie.
fn same(to: &Opened, wanted: &SnapshotFile) -> Result<Option<String>, Box<RusticError>> {
    let is_same = |one: &SnapshotFile| one.tree == wanted.tree && one.time == wanted.time;
    let there = to.get_matching_snapshots(is_same)?;
    Ok(there.first().map(|one| hex(*one.id)))
}

fn is_same_key(one: &MasterKey, other: &MasterKey) -> bool {
    let parts = |key: &MasterKey| (key.encrypt.clone(), key.mac.k.clone(), key.mac.r.clone());
    parts(one) == parts(other)
}

/// A new repository with the same password gets the same key: then all files are good there as they are.
fn open_target(
    source: &Store,
    target: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
) -> Result<Opened> {
    let is_new = !driver.block_on(opened::is_there(target))?;
    let passwords = (
        &opened::spec(source)?.password,
        &opened::spec(target)?.password,
    );
    if is_new && passwords.0.reveal() == passwords.1.reveal() {
        let backend = StoreBackend::new(source, driver, gate);
        let keys = guarded(source, gate, || backend.list_with_size(FileType::Key))?;
        for (id, _) in keys {
            driver.block_on(copy_file(source, target, FileType::Key, id))?;
        }
        // The file without which there is no repository comes last.
        let config = key(FileType::Config, &Id::default());
        driver.block_on(async { target.put(&config, source.get(&config).await?).await })?;
    }
    opened::open_or_make(target, driver, gate)
}

/// Its name is the SHA-256 of its bytes: what is damaged is not copied.
async fn copy_file(source: &Store, target: &Store, kind: FileType, id: Id) -> Result<()> {
    let key = key(kind, &id);
    let mut reading = source.read(&key, 0..u64::MAX).await?;
    let mut bytes = Vec::with_capacity(usize::try_from(reading.length()).unwrap_or(0));
    while let Some(piece) = reading.next().await? {
        bytes.extend_from_slice(&piece);
    }
    if Digest::of_bytes(&bytes).to_string() != hex(id) {
        return Err(altered(source, &key));
    }
    target.put(&key, bytes).await
}

fn altered(store: &Store, key: &str) -> Error {
    let (name, shown) = (store.name(), store.shown(key));
    let message =
        format!("the repository of store `{name}` has other bytes than were written: {shown}");
    Error::new(Kind::Verification, "altered", message)
        .hint("`restic check --read-data` says which; take another backup")
}

fn no_snapshot(source: &Store, at: &InRepository) -> Error {
    let (name, snapshot) = (source.name(), &at.snapshot);
    let message = format!("the repository of store `{name}` has no snapshot {snapshot}");
    Error::new(Kind::Verification, "missing-snapshot", message)
}
