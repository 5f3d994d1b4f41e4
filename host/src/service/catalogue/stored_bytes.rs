//! The bytes of one stored backup, however they lie in the store.

use std::ops::Range;

use crate::artifact::archive::Visit;
use crate::error::Result;
use crate::repository::SnapshotContents;
use crate::service::context::Context;
use crate::store::{Reading, Store, StoredBackup};

/// What a backup's bytes are read from.
#[derive(Clone)]
pub(in crate::service) enum StoredBytes {
    /// An object of a store.
    Object(Store, String),
    /// A snapshot in its repository.
    Snapshot(SnapshotContents),
}

impl StoredBytes {
    /// Opens the copy of a backup that lies in `store`. A caller must not be driven by an event loop itself.
    pub(in crate::service) fn open(
        context: &Context,
        store: &Store,
        copy: &StoredBackup,
    ) -> Result<Self> {
        let artifact = &copy.manifest.artifact;
        Ok(match &artifact.repository {
            None => Self::Object(store.clone(), copy.key.clone()),
            Some(at) => {
                let driver = context.runtime()?.handle();
                Self::Snapshot(SnapshotContents::open(store, driver, artifact, at)?)
            }
        })
    }

    /// Reads a range, as far as the backup goes.
    pub(in crate::service) async fn read(&self, range: Range<u64>) -> Result<Reading> {
        match self {
            Self::Object(store, key) => store.read(key, range).await,
            Self::Snapshot(contents) => contents.read(range),
        }
    }

    /// Calls `visit` for each entry of a backup that lies there as files; returns false for one that is an artifact. A
    /// caller must not be driven by an event loop itself.
    pub(in crate::service) fn entries(&self, visit: Visit<'_>) -> Result<bool> {
        match self {
            Self::Object(..) => Ok(false),
            Self::Snapshot(contents) => contents.entries(visit),
        }
    }

    /// Reads all of it.
    pub(in crate::service) async fn read_all(&self) -> Result<Reading> {
        self.read(0..u64::MAX).await
    }
}
