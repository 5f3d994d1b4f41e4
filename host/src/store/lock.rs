//! The lock of a store: the right to change what lies in the tiers. One sidecar at a time has it, so
//! that what a dead sidecar left half done can be told from what another one is still working on.
//!
//! Its owner notes each key before it writes or deletes there. The next one removes what is found at
//! these keys without a manifest: nothing else can be known to be ours.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::sleep;

use super::error::{StoreFailure, failure};
use super::lease::Acquired;
use super::lease_watch::LeaseWatch;
use super::objects::Store;
use super::renewed_lease::{RenewedLease, lease_duration};
use crate::clock;
use crate::config::Tier;
use crate::error::{Error, Kind, Result};

/// The lease's name.
pub(super) const LEASE: &str = "uploads";
/// Between two tries to take a lock that another sidecar has.
const LOCK_INTERVAL: Duration = Duration::from_secs(5);
/// Objects that are deleted before the lock is confirmed again.
const BATCH: usize = 20;

/// The right to change what lies in the tiers of a store. Dropped, it ends by itself after a while.
#[derive(Debug)]
pub struct StoreLock {
    pub(super) store: Store,
    /// None where the store supports no leases.
    pub(super) lease: Option<RenewedLease>,
    noted: Vec<String>,
    /// Snapshots whose manifests were deleted under it.
    pub(super) unnamed: HashSet<String>,
    /// What earlier owners left half done, and could not be given up yet.
    abandoned: Vec<String>,
    /// When it was ours for certain, in the kernel's own time.
    confirmed: Duration,
    /// Changes since then.
    changes: usize,
}

impl Store {
    /// Waits until no other sidecar has this store's lock. `owner` must be unique.
    ///
    /// A store that answers, but supports no leases, is used all the same: two sidecars at once do
    /// less harm than no backup. Nothing is cleaned up then.
    pub async fn lock(&self, owner: &str) -> Result<StoreLock> {
        let mut told = false;
        let mut watch = LeaseWatch::default();
        loop {
            match self.lock_unless_busy(owner, &mut watch).await {
                Err(busy) if busy.kind() == Kind::Busy => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!("waiting: {busy}");
                    }
                    sleep(LOCK_INTERVAL.min(lease_duration() / 10)).await;
                }
                asked => return asked,
            }
        }
    }

    /// The same without waiting: a lock that another sidecar has is an error of the kind [`Kind::Busy`].
    pub async fn try_lock(&self, owner: &str) -> Result<StoreLock> {
        self.lock_unless_busy(owner, &mut LeaseWatch::default())
            .await
    }

    async fn lock_unless_busy(&self, owner: &str, watch: &mut LeaseWatch) -> Result<StoreLock> {
        let asked = self
            .acquire(LEASE, owner, owner, lease_duration(), watch)
            .await;
        let lease = match asked {
            Ok(Acquired::Held(lease)) => *lease,
            Ok(Acquired::Busy { owner, left }) => return Err(self.busy(&owner, left)),
            Ok(Acquired::Done { .. }) => return Ok(StoreLock::without_lease(self)),
            Err(error) if failure(&error).is_some_and(StoreFailure::is_unanswered) => {
                return Err(error);
            }
            Err(error) => {
                let (store, hint) = (self.name(), error.hint_text());
                tracing::warn!(
                    store,
                    hint,
                    "this store cannot be locked against other sidecars: {error}"
                );
                return Ok(StoreLock::without_lease(self));
            }
        };
        if !lease.is_exclusive().await {
            let store = self.name();
            tracing::warn!(
                store,
                "this store ignores conditions, so that it cannot be locked: nothing that is half done is removed"
            );
            return Ok(StoreLock::without_lease(self));
        }
        let generation = lease.generation();
        let lease = RenewedLease::new(self, lease);
        let mut lock = StoreLock::without_lease(self);
        let noted = lease.keys().await;
        lock.lease = Some(lease);
        lock.abandoned = self.burn_abandoned(&noted, generation).await;
        Ok(lock)
    }

    fn busy(&self, owner: &str, left: Duration) -> Error {
        let name = self.name();
        let message = format!("the sidecar {owner} is at work in store `{name}`");
        Error::new(Kind::Busy, "store-busy", message).hint(format!(
            "wait for it to end; if it died, the store is free in {} s",
            left.as_secs() + 1
        ))
    }
}

impl StoreLock {
    /// Of a store that supports no leases.
    pub(super) fn without_lease(store: &Store) -> Self {
        Self {
            store: store.clone(),
            lease: None,
            noted: Vec::new(),
            unnamed: HashSet::new(),
            abandoned: Vec::new(),
            confirmed: clock::monotonic(),
            changes: 0,
        }
    }

    /// Writes down which keys are going to be written or deleted. Fails if the lock was lost.
    pub async fn note(&mut self, keys: impl IntoIterator<Item = String>) -> Result<()> {
        self.noted.extend(keys);
        if let Some(lease) = &self.lease {
            lease.note(self.known()).await?;
        }
        self.is_ours_now();
        Ok(())
    }

    fn known(&self) -> Vec<String> {
        [&self.abandoned[..], &self.noted].concat()
    }

    /// Fails if the lock was lost: then another sidecar may have removed what is not finished.
    pub async fn confirm(&mut self) -> Result<()> {
        if let Some(lease) = &self.lease {
            lease.confirm().await?;
        }
        self.is_ours_now();
        Ok(())
    }

    /// The same before each of many changes, as often as is needed.
    pub(super) async fn confirm_for_one_of_many(&mut self) -> Result<()> {
        let since = clock::monotonic().saturating_sub(self.confirmed);
        let duration = self.lease.as_ref().map(RenewedLease::duration);
        let is_late = duration.is_some_and(|duration| since >= duration / 2);
        if is_late || self.changes >= BATCH {
            self.confirm().await?;
        }
        self.changes += 1;
        Ok(())
    }

    fn is_ours_now(&mut self) {
        self.confirmed = clock::monotonic();
        self.changes = 0;
    }

    /// A key for an artifact of `filename`, begun at `at`, that nothing has, and that no earlier try had
    /// which may still be under way. It is noted.
    pub async fn note_free_key(
        &mut self,
        tier: Tier,
        filename: &str,
        at: jiff::Timestamp,
    ) -> Result<String> {
        let known = self.known();
        let key = self.store.free_key(tier, filename, at, &known).await?;
        self.note([key.clone()]).await?;
        Ok(key)
    }

    /// The number of the next backup: above all that were given here before, as far as the lock knows, and
    /// `at_least` that; none if neither is known. It is written down before a backup is committed.
    pub async fn next_number(&self, at_least: Option<u64>) -> Option<u64> {
        match &self.lease {
            Some(lease) => lease.next_number(at_least).await,
            None => at_least,
        }
    }

    /// Gives it back. What was noted is looked at again by the next owner, unless all of it is `finished`;
    /// what was left by earlier ones in any case.
    pub async fn release(self, finished: bool) {
        let mut left = self.abandoned;
        if !finished {
            left.extend(self.noted);
        }
        if let Some(lease) = self.lease
            && let Err(error) = lease.release(false, left).await
            // Who took it over does not wait, and that was said where it was found out.
            && failure(&error) != Some(StoreFailure::LeaseLost)
        {
            tracing::warn!("cannot unlock a store, others have to wait: {error}");
        }
    }
}
