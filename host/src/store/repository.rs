//! What a repository needs of the store that it lies in: objects by their whole keys, and its snapshots.

use std::collections::HashSet;
use std::ops::Range;

use bytes::Bytes;

use super::backend::Object;
use super::keys;
use super::lock::StoreLock;
use super::objects::Store;
use super::upload::Stored;
use crate::error::{Error, Kind, Result};

impl Store {
    /// Writes an object that nothing replaces. Returns whether it is there now with these bytes.
    pub async fn put_once(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        self.put_new(key, bytes).await
    }

    /// Reads a range, all of which must be there.
    pub async fn read_whole_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        self.piece(key, range).await
    }

    /// The snapshot `id`, as what was stored under `key`.
    pub async fn snapshot(&self, key: String, id: &str) -> Result<Stored> {
        let object = format!("{}{id}", keys::snapshots());
        match self.size(&object).await? {
            Some(size) => Ok(Stored { key, object, size }),
            None => {
                let shown = self.shown(&object);
                let message = format!("the snapshot {shown} is missing");
                Err(Error::new(Kind::Verification, "missing-snapshot", message))
            }
        }
    }

    /// The ids of all snapshots in the repository.
    pub(super) async fn snapshots(&self) -> Result<HashSet<String>> {
        let folder = keys::snapshots();
        let objects: Vec<Object> = self.list(&folder).await?;
        let ids = objects
            .iter()
            .filter_map(|object| object.key.strip_prefix(&folder));
        Ok(ids.map(str::to_owned).collect())
    }
}

impl StoreLock {
    /// Whether it keeps other sidecars out: not in a store that supports no leases.
    pub fn is_exclusive(&self) -> bool {
        self.lease.is_some()
    }

    /// The snapshots of which a manifest was deleted under it; another one may name them still.
    pub fn unnamed_snapshots(&self) -> &HashSet<String> {
        &self.unnamed
    }
}
