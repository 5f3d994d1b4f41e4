//! One artifact into one store: locked, uploaded, committed, pruned.

use jiff::Timestamp;

use super::apply_retention::{StoredCopies, apply_retention};
use super::stored_run::RunUpload;
use crate::artifact::SpoolReader;
use crate::artifact::manifest::Manifest;
use crate::cancel::Cancel;
use crate::config::Tier;
use crate::error::{Error, Result};
use crate::repository::SnapshotLabel;
use crate::service::retention_rules::RetentionRules;
use crate::store::{
    Catalogue, Store, StoreFailure, StoreLock, StoreOperation, Stored, StoredBackup, failure,
};

/// What it is called in the store.
pub(in crate::service) struct UploadTarget<'a> {
    pub(in crate::service) filename: &'a str,
    pub(in crate::service) started_at: Timestamp,
    /// The run's id.
    pub(in crate::service) id: &'a str,
    /// The strategy's name.
    pub(in crate::service) strategy: &'a str,
    /// What holds the store's lock: see [`crate::service::owner`].
    pub(in crate::service) owner: &'a str,
}

/// An upload, and the lock of its store.
pub(in crate::service) struct StoreUpload {
    store: Store,
    lock: StoreLock,
    upload: RunUpload,
    /// An earlier run has made it.
    late: bool,
}

impl StoreUpload {
    /// Waits for the store's lock, then starts to upload.
    pub(in crate::service) async fn begin(
        store: Store,
        to: UploadTarget<'_>,
        bytes: SpoolReader,
    ) -> Result<Self> {
        let lock = store.lock(to.owner).await?;
        Self::begin_locked(store, lock, to, bytes).await
    }

    async fn begin_locked(
        store: Store,
        mut lock: StoreLock,
        to: UploadTarget<'_>,
        bytes: SpoolReader,
    ) -> Result<Self> {
        let begun = async {
            let free = lock.note_free_key(Tier::Daily, to.filename, to.started_at);
            let key = free.await?;
            let label = SnapshotLabel {
                id: to.id.to_owned(),
                strategy: to.strategy.to_owned(),
                started_at: to.started_at,
            };
            RunUpload::begin(&store, &lock, key, label, bytes)
        };
        match begun.await {
            Ok(upload) => Ok(Self {
                upload,
                store,
                lock,
                late: false,
            }),
            Err(error) => {
                lock.release(true).await;
                Err(error)
            }
        }
    }

    /// Waits until the store has all of it, commits it as a backup there and applies the retention.
    /// What the retention cannot do fails nothing: the backup is made.
    pub(in crate::service) async fn finish(
        self,
        rules: &RetentionRules,
        manifest: &Manifest,
        cancel: &Cancel,
    ) -> Result<StoredCopies> {
        let Self {
            store,
            mut lock,
            mut upload,
            late,
        } = self;
        let finished = async {
            if upload.is_snapshot() {
                // Who has taken the store over may have removed what the snapshot would name.
                lock.confirm().await?;
            }
            let (stored, manifest) = tokio::select! {
                stored = upload.finish(&store, manifest) => match stored {
                    Ok(stored) => stored,
                    Err(error) => return Err(reason(error, &mut lock).await),
                },
                () = cancel.cancelled() => {
                    upload.abandon().await;
                    return Err(cancel.error());
                }
            };
            make_backup(rules, &store, &mut lock, &stored, &manifest, late).await
        };
        let finished = finished.await;
        let nothing_left = finished.as_ref().is_ok_and(|copies| !copies.half_done);
        lock.release(nothing_left).await;
        finished
    }

    /// Uploads what an earlier run has missed, whose tries may have got further than they learnt: what
    /// is there and whole is not sent again.
    pub(in crate::service) async fn send_missed(
        store: Store,
        to: UploadTarget<'_>,
        bytes: SpoolReader,
        rules: &RetentionRules,
        manifest: &Manifest,
        cancel: &Cancel,
    ) -> Result<StoredCopies> {
        let mut lock = store.lock(to.owner).await?;
        match there_already(&store, manifest).await {
            Ok(None) => {
                let upload = Self::begin_locked(store, lock, to, bytes).await?;
                let upload = Self {
                    late: true,
                    ..upload
                };
                upload.finish(rules, manifest, cancel).await
            }
            Ok(Some((backup, others))) => {
                let copies = apply_retention(rules, &store, &mut lock, &backup, Ok(others)).await;
                lock.release(!copies.half_done).await;
                Ok(copies)
            }
            Err(error) => {
                lock.release(true).await;
                Err(error)
            }
        }
    }

    /// The run failed: waits until nothing of it is left in the store.
    pub(in crate::service) async fn abandon(self) {
        let nothing_is_left = self.upload.abandon().await;
        self.lock.release(nothing_is_left).await;
    }
}

/// Makes what lies whole in a store a backup there, and applies the retention. `late`: an earlier run has made it.
pub(in crate::service) async fn make_backup(
    rules: &RetentionRules,
    store: &Store,
    lock: &mut StoreLock,
    stored: &Stored,
    manifest: &Manifest,
    late: bool,
) -> Result<StoredCopies> {
    // Credentials that may only write list nothing: the backup is made all the same.
    let earlier = store.catalogue().await;
    let listed = earlier.as_ref().ok();
    let manifest = rules.numbered(store, lock, listed, manifest, late).await;
    let backup = lock.commit(stored, &manifest).await?;
    let mut copies = apply_retention(rules, store, lock, &backup, earlier).await;
    copies.tidy_repository(rules, store, lock).await;
    Ok(copies)
}

/// The backup that this manifest was written for, if the store has it, and the others there.
async fn there_already(
    store: &Store,
    manifest: &Manifest,
) -> Result<Option<(StoredBackup, Catalogue)>> {
    let mut catalogue = match store.catalogue().await {
        // Credentials that may only write: sent twice is better than not at all.
        Err(error) if failure(&error) == Some(StoreFailure::Denied(StoreOperation::List)) => {
            return Ok(None);
        }
        catalogue => catalogue?,
    };
    let found = catalogue
        .backups
        .iter()
        .position(|backup| backup.is_made_by(manifest));
    Ok(found.map(|at| (catalogue.backups.remove(at), catalogue)))
}

/// Why an upload failed: who took the store over also removed what was not finished.
async fn reason(failed: Error, lock: &mut StoreLock) -> Error {
    match lock.confirm().await {
        Err(error) if failure(&error) == Some(StoreFailure::LeaseLost) => error,
        _ => failed,
    }
}
