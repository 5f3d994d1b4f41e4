//! A store, and what can be done with one object in it.

use std::sync::Arc;

use bytes::Bytes;

use super::backend::{Backend, Object};
use super::known_objects::KnownObjects;
use super::open::open;
use super::owner::Ownership;
use super::retry::RetryPolicy;
use crate::clock;
use crate::config::StoreSpec;
use crate::error::Result;

/// A place for backups. Clones share connections.
#[derive(Clone)]
pub struct Store {
    spec: Arc<StoreSpec>,
    /// For the layers above: nothing else is known of where the bytes lie.
    pub(super) backend: Arc<dyn Backend>,
    /// Which of the backups are ours: all, until it was asked.
    pub(super) ownership: Arc<Ownership>,
    /// What was read of it before.
    pub(super) known: Arc<KnownObjects>,
    /// Whether all is read anew: what was read before counts for nothing.
    pub(super) reads_anew: bool,
}

impl Store {
    /// Nothing is sent yet, but a folder must be there.
    pub fn open(spec: &StoreSpec, policy: RetryPolicy) -> Result<Self> {
        Ok(Self::over(spec, open(spec, policy)?))
    }

    pub(super) fn over(spec: &StoreSpec, backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            spec: Arc::new(spec.clone()),
            ownership: Arc::default(),
            known: Arc::default(),
            reads_anew: false,
        }
    }

    /// The configuration's name for it.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What it was configured with.
    pub fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    /// Which of its backups are ours.
    pub fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// As the operator would look for it: with the prefix, or as a path.
    pub fn shown(&self, key: &str) -> String {
        self.backend.shown(key)
    }

    /// What the store's clock shows: which all sidecars that share it can compare.
    pub fn now(&self) -> jiff::Timestamp {
        clock::now() + jiff::SignedDuration::from_secs(self.backend.clock_skew())
    }

    /// What the store's clock shows, if that is not this machine's own. It must have answered before.
    pub fn own_clock(&self) -> Option<jiff::Timestamp> {
        self.backend.has_own_clock().then(|| self.now())
    }

    /// Writes an object whole, in place of what was there. It is there entirely or not at all.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.put_pieces(key, vec![bytes.into()]).await
    }

    /// The same of bytes that lie in several places: they are not copied into one.
    pub async fn put_pieces(&self, key: &str, pieces: Vec<Bytes>) -> Result<()> {
        self.backend.put(key, pieces).await
    }

    /// The same where nothing stands yet. Returns whether it was written.
    pub(super) async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        self.backend.put_new(key, bytes).await
    }

    /// Aborts every upload to `key`; with a slash at its end, to all below it. Their parts are paid for
    /// and never listed. Returns how many there were.
    pub(super) async fn abort_uploads(&self, key: &str) -> Result<usize> {
        self.backend.abort_uploads(key).await
    }

    /// How many bytes an object has; none if there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        self.backend.size(key).await
    }

    /// What lies in a folder ("daily/"), without what lies in folders below it, sorted by key.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let mut objects = self.backend.list(folder).await?;
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// For how long an object has been there at least, by the store's own clock; none if that cannot be told.
    pub async fn age(&self, key: &str) -> Result<Option<std::time::Duration>> {
        self.backend.age(key).await
    }

    /// Copies inside the store; the bytes do not pass through here.
    pub async fn copy(&self, from: &str, to: &str) -> Result<()> {
        self.backend.copy(from, to).await
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.backend.delete(key).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.spec.name).finish()
    }
}
