//! The bytes of a run on their way into one store: as an object of their own, or into its repository.

use crate::artifact::SpoolReader;
use crate::artifact::manifest::Manifest;
use crate::error::Result;
use crate::repository::{SnapshotLabel, SnapshotUpload};
use crate::store::{Store, StoreLock, Stored, Upload};

/// An upload, whichever layout the store has. Dropped, it is abandoned.
pub(super) enum RunUpload {
    /// An object.
    Artifact(Upload),
    /// A snapshot, of what will be called `key`.
    Snapshot {
        upload: SnapshotUpload,
        key: String,
        finishing: bool,
    },
}

impl RunUpload {
    /// Starts it, under the store's lock.
    pub(super) fn begin(
        store: &Store,
        lock: &StoreLock,
        key: String,
        label: SnapshotLabel,
        bytes: SpoolReader,
    ) -> Result<Self> {
        if store.spec().repository().is_none() {
            return Ok(Self::Artifact(store.upload(&key, bytes)));
        }
        Ok(Self::Snapshot {
            upload: SnapshotUpload::start(store, label, bytes, lock.is_exclusive())?,
            key,
            finishing: false,
        })
    }

    /// Whether it ends with a snapshot, which no one removes who takes the store over meanwhile.
    pub(super) fn is_snapshot(&self) -> bool {
        matches!(self, Self::Snapshot { .. })
    }

    /// The run has ended well: waits until all of it is in the store. Returns where, and the manifest as
    /// that store is to have it. A caller that stops waiting has to abandon it.
    pub(super) async fn finish(
        &mut self,
        store: &Store,
        manifest: &Manifest,
    ) -> Result<(Stored, Manifest)> {
        match self {
            Self::Artifact(upload) => {
                let stored = upload.finish(manifest.artifact.size).await?;
                Ok((stored, manifest.clone()))
            }
            Self::Snapshot {
                upload,
                key,
                finishing,
            } => {
                *finishing = true;
                let archived = upload.finish(manifest.artifact.raw_size).await?;
                let stored = store.snapshot(key.clone(), &archived.at.snapshot).await?;
                let manifest = manifest.in_repository(archived.at, archived.size, archived.added);
                Ok((stored, manifest))
            }
        }
    }

    /// The run failed, or was stopped: waits until it has ended. Returns whether it is certain that nothing
    /// of it can become a backup any more.
    pub(super) async fn abandon(self) -> bool {
        match self {
            Self::Artifact(upload) => upload.abandon().await,
            Self::Snapshot {
                upload, finishing, ..
            } => {
                upload.abandon().await;
                !finishing
            }
        }
    }
}
