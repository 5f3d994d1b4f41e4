//! What one store has and another one lacks is copied there: the artifact or the snapshot, then its manifest. What was
//! copied before a stop is not copied again.

use std::fs::{self, File};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::stored_bytes::StoredBytes;
use super::stores::configured;
use crate::artifact::SpoolReader;
use crate::artifact::manifest::Manifest;
use crate::config::StoreSpec;
use crate::error::{Error, Kind, Result};
use crate::repository::{RepositoryPlace, RepositoryTransfer};
use crate::retention::Arrivals;
use crate::service::context::Context;
use crate::service::overlap;
use crate::service::owner::owner;
use crate::store::{
    Catalogue, RetryPolicy, Store, StoreLock, Stored, StoredBackup, arrival, is_damage,
};

/// Where an artifact lies on its way, in the state folder.
const FOLDER: &str = "sync";

/// What copying from one store into another one did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Synced {
    /// Which of several strategies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// What is in the other store now and was not before: keys, oldest first.
    pub copied: Vec<String>,
    /// How many were there already.
    pub present: usize,
}

/// Copies what store `from` has of this sidecar's backups and store `to` lacks: of a set, members first, so that what
/// is listed is whole.
pub(in crate::service) fn sync(context: &Context, from: &str, to: &str) -> Result<Vec<Synced>> {
    let members = context.all().skip(1);
    let all = members.chain([context]);
    all.map(|one| sync_strategy(one, from, to)).collect()
}

/// A backup that is damaged keeps no other one from being copied; the first is the error.
fn sync_strategy(context: &Context, from: &str, to: &str) -> Result<Synced> {
    let config = context.config();
    let (source, target) = (configured(config, from)?, configured(config, to)?);
    require_same_layout(source, target)?;
    overlap::require_apart(config)?;
    let runtime = context.runtime()?;
    let (source, target) = runtime.block_on(async {
        let (claimant, policy) = (context.claimant(), RetryPolicy::RUN);
        let source = claimant.open_to_read(source, policy).await?;
        Ok::<_, Error>((source, claimant.open_to_write(target, policy).await?))
    })?;
    // Neither waits for the other: two that go opposite ways would never end.
    let lock = |store: &Store| {
        let owner = owner(&Uuid::now_v7().to_string());
        runtime.block_on(store.try_lock(&owner))
    };
    let source_lock = lock(&source)?;
    let copied = lock(&target).and_then(|target_lock| {
        let mut copier = Copier {
            context,
            source: &source,
            target: &target,
            source_lock: &source_lock,
            target_lock,
            transfer: None,
        };
        let copied = copier.copy_all();
        let finished = copier
            .transfer
            .take()
            .map_or(Ok(()), RepositoryTransfer::finish);
        let copied = copied.and_then(|copied| finished.map(|()| copied));
        runtime.block_on(copier.target_lock.release(copied.is_ok()));
        copied
    });
    runtime.block_on(source_lock.release(true));
    copied
}

fn require_same_layout(source: &StoreSpec, target: &StoreSpec) -> Result<()> {
    let (from, to) = (&source.name, &target.name);
    if from == to {
        let message = format!("store `{from}` is the one to copy from and to");
        return Err(Error::new(Kind::BadRequest, "same-store", message)
            .hint("name two of the stores in the configuration"));
    }
    let layout = |spec: &StoreSpec| match spec.repository() {
        Some(_) => "is a repository",
        None => "holds artifacts",
    };
    if source.repository().is_some() != target.repository().is_some() {
        let message = format!(
            "store `{from}` {} and store `{to}` {}: `sync` copies between stores of one layout",
            layout(source),
            layout(target)
        );
        return Err(Error::new(Kind::Config, "other-layout", message).hint(
            "write the same `layout` for both; what is backed up from now on goes into each configured store, whatever its layout",
        ));
    }
    Ok(())
}

/// Both stores, locked.
struct Copier<'c> {
    context: &'c Context,
    source: &'c Store,
    target: &'c Store,
    source_lock: &'c StoreLock,
    target_lock: StoreLock,
    /// Between their repositories, once a backup needs it.
    transfer: Option<RepositoryTransfer>,
}

impl Copier<'_> {
    fn copy_all(&mut self) -> Result<Synced> {
        let runtime = self.context.runtime()?;
        let (wanted, mut there) = runtime.block_on(async {
            let wanted = self.source.catalogue().await?;
            Ok::<_, Error>((wanted, self.target.catalogue().await?))
        })?;
        let mut failed = wanted.damaged.first().map(Error::from);
        let mut done = Synced {
            strategy: self.target.spec().strategy.clone(),
            copied: Vec::new(),
            present: 0,
        };
        let has_numbers = there.backups.iter().all(|one| {
            let mut known = wanted.backups.iter();
            known.any(|known| known.manifest.id == one.manifest.id)
        });
        let mut oldest_first: Vec<&StoredBackup> = wanted.own().collect();
        oldest_first.reverse();
        for backup in oldest_first {
            if there
                .backups
                .iter()
                .any(|one| one.is_made_by(&backup.manifest))
            {
                done.present += 1;
                continue;
            }
            if backup.health.is_damaged() {
                failed.get_or_insert(damaged(backup));
                continue;
            }
            let seq = match has_numbers {
                true => backup.manifest.seq,
                false => number(&there, &backup.manifest),
            };
            let copy = match self.copy(backup, seq) {
                Ok(copy) => copy,
                Err(error) if is_damage(&error) => {
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            tracing::info!(store = copy.store, key = copy.key, "copied");
            done.copied.push(self.target.shown(&copy.key));
            there.backups.push(copy);
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(done),
        }
    }

    fn copy(&mut self, backup: &StoredBackup, seq: Option<u64>) -> Result<StoredBackup> {
        let runtime = self.context.runtime()?;
        let manifest = Manifest {
            seq,
            ..backup.manifest.clone()
        };
        let (filename, started_at) = (&manifest.artifact.filename, manifest.started_at);
        let key = runtime.block_on(self.target_lock.note_free_key(
            manifest.tier,
            filename,
            started_at,
        ))?;
        let (stored, manifest) = match &manifest.artifact.repository {
            None => (self.copy_artifact(backup, &key)?, manifest),
            Some(at) => {
                let at = self.transfer()?.bring(at)?;
                let stored = runtime.block_on(self.target.snapshot(key, &at.snapshot))?;
                let artifact = &manifest.artifact;
                let (whole, added) = (artifact.raw_size, artifact.size);
                (stored, manifest.in_repository(at, whole, added))
            }
        };
        runtime.block_on(self.target_lock.commit(&stored, &manifest))
    }

    /// By way of a file, so that it is compared with its manifest before any of it is sent.
    fn copy_artifact(&self, backup: &StoredBackup, key: &str) -> Result<Stored> {
        let folder = self.context.state_folder().join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, error))?;
        let path = folder.join(&backup.manifest.id);
        let sent = self.send_through(&path, backup, key);
        let removed = fs::remove_dir_all(&folder);
        let stored = sent?;
        removed.map_err(|error| Error::io("remove", &folder, error))?;
        Ok(stored)
    }

    fn send_through(&self, path: &Path, backup: &StoredBackup, key: &str) -> Result<Stored> {
        let bytes = StoredBytes::open(self.context, self.source, backup)?;
        self.context.runtime()?.block_on(async {
            let reading = bytes.read_all().await?;
            self.source.fetch(backup, reading, path).await?;
            let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
            let size = backup.manifest.artifact.size;
            let mut upload = self.target.upload(key, SpoolReader::whole(file, size));
            upload.finish(size).await
        })
    }

    fn transfer(&mut self) -> Result<&RepositoryTransfer> {
        if self.transfer.is_none() {
            let place = |store, lock: &StoreLock| RepositoryPlace {
                store,
                is_sole_sidecar: lock.is_exclusive(),
            };
            let source = place(self.source, self.source_lock);
            let target = place(self.target, &self.target_lock);
            let driver = self.context.runtime()?.handle();
            self.transfer = Some(RepositoryTransfer::begin(&source, &target, driver)?);
        }
        self.transfer
            .as_ref()
            .ok_or_else(|| Error::run("internal", "no transfer was begun"))
    }
}

/// Its place in the order of arrival: that of its copy in another tier, or behind what was made before it.
fn number(there: &Catalogue, manifest: &Manifest) -> Option<u64> {
    let mut copies = there.backups.iter();
    if let Some(copy) = copies.find(|one| one.manifest.id == manifest.id) {
        return copy.manifest.seq;
    }
    let order = Arrivals::new(there.backups.iter().map(|one| arrival(&one.manifest)));
    Some(order.late(arrival(manifest).made))
}

fn damaged(backup: &StoredBackup) -> Error {
    let message = format!(
        "{} in store `{}` is known to be damaged: it is not copied",
        backup.key, backup.store
    );
    Error::new(Kind::Verification, "known-damaged", message)
        .hint("`sidecar verify ID` reads it again; all others are copied")
}
