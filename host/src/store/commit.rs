//! Making an artifact a backup, and unmaking it.
//!
//! A sidecar may be stopped between any two steps, for longer than its lease lasts, and a request of
//! it may arrive after that. So a manifest is only written where nothing stands, the next owner of the
//! lock puts a tombstone there before it removes the artifact, and nothing is called done before
//! the lock was confirmed once more, with the artifact in its place.

use super::catalogue::StoredBackup;
use super::error::{StoreFailure, StoreOperation, failure};
use super::health::BackupHealth;
use super::keys;
use super::lease::lost;
use super::lock::StoreLock;
use super::objects::Store;
use super::upload::Stored;
use crate::artifact::manifest::Manifest;
use crate::config::Tier;
use crate::error::{Error, Kind, Result};

impl StoreLock {
    /// Makes what was uploaded a backup: from here on it is listed. `manifest.tier` is where it was
    /// uploaded to.
    pub async fn commit(&mut self, stored: &Stored, manifest: &Manifest) -> Result<StoredBackup> {
        self.confirm().await?;
        let store = self.store.clone();
        let mut manifest = store.ownership.signed(manifest);
        manifest.lease = match &self.lease {
            Some(lease) => Some(lease.generation().await),
            None => None,
        };
        let key = keys::manifest(&stored.key);
        let shown = store.shown(&stored.object);
        if !self.put_manifest(&key, &manifest).await? {
            let message = format!("{shown} was given up");
            return Err(lost(&store, &message));
        }
        let is_there = match store.size(&stored.object).await {
            // Credentials that may only write: the store's own word is all there is.
            Err(error) if failure(&error) == Some(StoreFailure::Denied(StoreOperation::Read)) => {
                true
            }
            found => found? == Some(stored.size),
        };
        let confirmed = self.confirm().await;
        if !is_there {
            // Only what promises too much goes: a backup that is whole may count for others already.
            store.delete(&key).await?;
            confirmed?;
            return Err(vanished(&store, &shown));
        }
        confirmed?;
        Ok(StoredBackup {
            store: store.name().to_owned(),
            strategy: store.spec().strategy.clone(),
            key: stored.key.clone(),
            health: BackupHealth::default(),
            manifest,
            foreign: false,
        })
    }

    /// Copies a backup into another tier, inside the store, where nothing lies yet.
    pub async fn promote(&mut self, backup: &StoredBackup, to: Tier) -> Result<StoredBackup> {
        let manifest = Manifest {
            tier: to,
            ..backup.manifest.clone()
        };
        let filename = &manifest.artifact.filename;
        let key = self
            .note_free_key(to, filename, manifest.started_at)
            .await?;
        let stored = match &manifest.artifact.repository {
            None => {
                self.store.copy(&backup.key, &key).await?;
                self.require_same(backup, &key).await?;
                Stored::at(key, manifest.artifact.size)
            }
            // The snapshot serves all tiers.
            Some(at) => self.store.snapshot(key, &at.snapshot).await?,
        };
        let copy = self.commit(&stored, &manifest).await?;
        self.store.forget_health(&copy).await?;
        Ok(copy)
    }

    /// Fails if a copy has other bytes than were backed up: then the copied one is damaged, and from now on
    /// known to be.
    async fn require_same(&self, backup: &StoredBackup, key: &str) -> Result<()> {
        let store = &self.store;
        let wanted = backup.manifest.artifact.sha256.to_string();
        let found = store.backend.digest(key).await?;
        if found.is_none_or(|found| found.to_string() == wanted) {
            return Ok(());
        }
        store.delete(key).await?;
        let message = format!(
            "{} does not have the bytes that were backed up: it is not copied",
            store.shown(&backup.key)
        );
        let damaged = Err(Error::new(Kind::Verification, "altered", message));
        if let Some(health) = BackupHealth::told_by(&damaged, store.now()) {
            store.record_health(backup, &health).await?;
        }
        damaged
    }

    /// Deletes a backup whose key is noted: the manifest first, so that nothing lists what is only half
    /// there. It is put back if the artifact is there all the same: then the backup is there as before.
    /// Fails only if the lock was lost.
    pub async fn remove(&mut self, backup: &StoredBackup) -> Result<Removal> {
        self.confirm_for_one_of_many().await?;
        let store = self.store.clone();
        let manifest = keys::manifest(&backup.key);
        if let Err(error) = store.delete(&manifest).await {
            return Ok(match self.is_untouched(&manifest, &error).await {
                true => Removal::Refused(error),
                false => Removal::HalfDone(error),
            });
        }
        if let Err(error) = store.delete(&backup.key).await {
            // Only in front of what is there: an error may come after the deed.
            let is_there = self.is_untouched(&backup.key, &error).await;
            let is_back = is_there
                && self
                    .put_manifest(&manifest, &backup.manifest)
                    .await
                    .is_ok_and(|put| put);
            return Ok(match is_back {
                true => Removal::Refused(error),
                false => Removal::HalfDone(error),
            });
        }
        if let Err(error) = store.delete(&keys::verdict(&backup.key)).await {
            // It is about a backup that is gone, and counts for no other.
            tracing::debug!(key = backup.key, "{error}");
        }
        let at = backup.manifest.artifact.repository.as_ref();
        self.unnamed.extend(at.map(|at| at.snapshot.clone()));
        Ok(Removal::Done)
    }

    /// Whether what could not be deleted is there for certain: it may have been done, and only the answer was lost.
    async fn is_untouched(&self, key: &str, error: &Error) -> bool {
        let was_refused = matches!(failure(error), Some(StoreFailure::Denied(_)));
        was_refused || matches!(self.store.size(key).await, Ok(Some(_)))
    }

    /// Returns whether it is there now: not where the artifact was given up.
    async fn put_manifest(&self, key: &str, manifest: &Manifest) -> Result<bool> {
        match &self.lease {
            Some(_) => self.store.put_new(key, manifest.to_json()).await,
            // A store that knows no conditions refuses them, or ignores them.
            None => match self.store.put(key, manifest.to_json()).await {
                Ok(()) => Ok(true),
                Err(error) => {
                    // It may stand there all the same: a run that fails lists no backup.
                    let _ = self.store.delete(key).await;
                    Err(error)
                }
            },
        }
    }
}

/// What came of deleting a backup.
#[derive(Debug)]
pub enum Removal {
    /// It is gone.
    Done,
    /// It is there as before.
    Refused(Error),
    /// Its manifest is gone, or may be, and its artifact may not be: it is no backup any more.
    HalfDone(Error),
}

impl StoredBackup {
    /// Whether it is what this manifest was written for, and whole: an earlier try may have got through
    /// although it did not learn so.
    pub fn is_made_by(&self, manifest: &Manifest) -> bool {
        let found = &self.manifest;
        found.id == manifest.id
            && found.tier == manifest.tier
            && found.artifact.sha256 == manifest.artifact.sha256
            && !self.health.is_damaged()
    }

    /// Whether it is what another copy in the same tier was made to replace.
    pub fn is_damaged_copy_of(&self, other: &Self) -> bool {
        self.health.is_damaged()
            && self.key != other.key
            && self.manifest.id == other.manifest.id
            && self.manifest.tier == other.manifest.tier
    }
}

fn vanished(store: &Store, shown: &str) -> Error {
    let name = store.name();
    let message = format!("{shown} is no longer in store `{name}` as it was uploaded");
    Error::run("artifact-vanished", message)
        .hint("see what else deletes or writes there: an older sidecar, a lifecycle rule, a person")
}
