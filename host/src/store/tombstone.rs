//! Tombstones: where one stands in place of a manifest, an artifact was given up, and its name is
//! never used again. No reader takes it for a backup.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::keys;
use super::lock::StoreLock;
use super::objects::Store;
use crate::error::Result;

/// By then no request of a sidecar that died is under way any more.
const TOMBSTONE_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Stands where the manifest would.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tombstone {
    /// The generation of the lease under which it was put there.
    burned: u64,
}

/// Whether what stands in place of a manifest is a tombstone.
pub(super) fn is_tombstone(text: &[u8]) -> bool {
    serde_json::from_slice::<Tombstone>(text).is_ok()
}

impl Store {
    /// Gives up what a sidecar left behind that died while it worked on these keys: parts of uploads,
    /// and artifacts without a manifest, which are no backups yet or none any more. Nothing else: the
    /// keys must be those that it noted.
    ///
    /// That sidecar may only be paused. The tombstone comes first: from then on it cannot make a backup
    /// of what is removed here.
    ///
    /// One key that fails keeps no other from it: returns those that did, to be tried again.
    pub(super) async fn burn_abandoned(&self, keys: &[String], generation: u64) -> Vec<String> {
        let tombstone = Tombstone { burned: generation };
        let tombstone = serde_json::to_vec(&tombstone).expect("a number is JSON");
        let mut failed = Vec::new();
        for key in keys.iter().filter(|key| keys::is_in_a_tier(key)) {
            if let Err(error) = self.burn(key, &tombstone).await {
                let (store, hint) = (self.name(), error.hint_text());
                tracing::warn!(store, hint, "the next run tries again: {error}");
                failed.push(key.clone());
            }
        }
        failed
    }

    async fn burn(&self, key: &str, tombstone: &[u8]) -> Result<()> {
        let manifest = keys::manifest(key);
        if !self.put_new(&manifest, tombstone.to_vec()).await?
            && !is_tombstone(&self.get(&manifest).await?)
        {
            return Ok(());
        }
        self.abort_uploads(key).await?;
        if self.size(key).await?.is_some() {
            self.delete(key).await?;
            let store = self.name();
            tracing::warn!(store, key, "removed what an interrupted run left half done");
        }
        Ok(())
    }
}

impl StoreLock {
    /// Removes tombstones that have stood for a week by the store's own clock, and what arrived late.
    pub async fn remove_old_tombstones(&mut self, burned: &[String]) -> Result<()> {
        if self.lease.is_none() {
            return Ok(());
        }
        for key in burned {
            let age = self.store.backend.age(&keys::manifest(key)).await?;
            if age.is_some_and(|age| age > TOMBSTONE_AGE) {
                self.confirm_for_one_of_many().await?;
                self.store.abort_uploads(key).await?;
                self.store.delete(key).await?;
                self.store.delete(&keys::manifest(key)).await?;
            }
        }
        Ok(())
    }
}
