//! The repository's lock, as restic knows it: many programs may share it, and one may have it alone.
//! `rustic_core` sets none and heeds none.
//!
//! Each holder has a file in `locks/`, which it writes anew every few minutes. Who wants the lock looks
//! whether another one stands in the way, writes a file, and looks again: two that write at once see
//! each other.

use std::sync::Arc;
use std::time::Duration;

use rustic_core::repofile::MasterKey;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::gate::VerdictGate;
use super::lock_file::LockHolder;
use super::pieces::abandoned;
use crate::clock;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{REPOSITORY, Store};

/// Restic takes a lock that was not renewed for so long for one of a dead program.
const FRESH: Duration = Duration::from_secs(30 * 60);
/// Restic renews its own as often.
const RENEWAL: Duration = Duration::from_secs(5 * 60);
/// Between writing a lock and looking again, as with restic: for the other one's file to appear.
const RECHECK_DELAY: Duration = Duration::from_millis(200);
/// Between two looks of one that waits.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// For how long a backup waits for a program that wants to be alone. Its artifact waits longer.
const LONGEST_WAIT: Duration = FRESH;

/// What a lock allows others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockMode {
    /// To add, as this one does.
    Shared,
    /// Nothing.
    Exclusive,
}

/// What is needed to read and write locks.
#[derive(Clone)]
pub(super) struct LockFolder {
    pub(super) store: Store,
    pub(super) key: MasterKey,
    /// No other sidecar is at work in the store: its locks are those of dead ones.
    pub(super) is_sole_sidecar: bool,
}

/// A lock that is renewed until it is given back. Dropped, others take it for dead after a while.
pub(super) struct RepositoryLock {
    folder: LockFolder,
    /// Where it lies now.
    at: Arc<Mutex<String>>,
    renewing: JoinHandle<()>,
}

impl LockFolder {
    /// Takes the lock; an error of the kind [`Kind::Busy`] if another program stands in the way.
    pub(super) async fn lock(&self, mode: LockMode) -> Result<RepositoryLock> {
        self.require_free(mode, None).await?;
        let at = self.write(mode).await?;
        sleep(RECHECK_DELAY).await;
        if let Err(busy) = self.require_free(mode, Some(&at)).await {
            self.remove(&at).await;
            return Err(busy);
        }
        let at = Arc::new(Mutex::new(at));
        Ok(RepositoryLock {
            renewing: tokio::spawn(renew(self.clone(), mode, at.clone(), RENEWAL)),
            folder: self.clone(),
            at,
        })
    }

    /// The same for a backup, which waits for a while. Blocks: not for a thread of the event loop.
    pub(super) fn wait(&self, driver: &Handle, gate: &VerdictGate) -> Result<RepositoryLock> {
        let since = clock::monotonic();
        let mut told = false;
        loop {
            match driver.block_on(self.lock(LockMode::Shared)) {
                Err(busy) if busy.kind() == Kind::Busy => {
                    if clock::monotonic().saturating_sub(since) > LONGEST_WAIT {
                        return Err(busy);
                    }
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!("waiting: {busy}");
                    }
                }
                asked => return asked,
            }
            driver.block_on(async {
                tokio::select! {
                    () = sleep(LOOK_INTERVAL) => Ok(()),
                    () = gate.failed() => Err(abandoned()),
                }
            })?;
        }
    }

    /// Fails while a lock stands in the way of one of this mode. What cannot be read wants to be alone, and
    /// what cannot be dated is young: to wait costs nothing.
    async fn require_free(&self, mode: LockMode, own: Option<&str>) -> Result<()> {
        for object in self.store.list(&locks()).await? {
            let key = &object.key;
            if own == Some(key) {
                continue;
            }
            let Some(age) = self.age(key).await? else {
                // Its program has ended in between.
                continue;
            };
            let holder = self.read(key).await;
            if self.is_sole_sidecar && holder.as_ref().is_some_and(|holder| holder.sidecar) {
                self.remove(key).await;
                continue;
            }
            let shares = holder.as_ref().is_some_and(|holder| !holder.exclusive);
            if age < FRESH && (mode == LockMode::Exclusive || !shares) {
                return Err(self.busy(key, holder.as_ref()));
            }
        }
        Ok(())
    }

    /// None if the lock is gone.
    async fn age(&self, key: &str) -> Result<Option<Duration>> {
        let age = self.store.age(key).await?;
        match age {
            Some(age) => Ok(Some(age)),
            None => Ok(self.store.size(key).await?.map(|_| Duration::ZERO)),
        }
    }

    async fn read(&self, key: &str) -> Option<LockHolder> {
        let bytes = self.store.get(key).await.ok()?;
        LockHolder::open(&bytes, &self.key)
    }

    /// Writes a lock. Returns where it lies.
    async fn write(&self, mode: LockMode) -> Result<String> {
        let sealed = LockHolder::own(mode == LockMode::Exclusive).sealed(&self.key)?;
        let key = format!("{}{}", locks(), Digest::of_bytes(&sealed));
        self.store.put(&key, sealed).await?;
        Ok(key)
    }

    /// Credentials that may delete nothing make backups all the same: restic takes the lock for dead after a
    /// while, and the next sidecar that may removes it.
    async fn remove(&self, key: &str) {
        if let Err(error) = self.store.delete(key).await {
            tracing::debug!(key, "a lock of the repository stays: {error}");
        }
    }

    fn busy(&self, key: &str, holder: Option<&LockHolder>) -> Error {
        let (name, shown) = (self.store.name(), self.store.shown(key));
        let holder = holder.map_or_else(
            || "a lock that cannot be read".to_owned(),
            LockHolder::to_string,
        );
        let message = format!(
            "another program is at work in the repository of store `{name}`: {holder} ({shown})"
        );
        Error::new(Kind::Busy, "repository-locked", message)
            .hint("wait for it to end; `restic unlock` removes a lock whose program has died")
    }
}

impl RepositoryLock {
    /// Gives it back.
    pub(super) async fn release(self) {
        // A renewal is not left half done.
        let at = self.at.lock().await;
        self.renewing.abort();
        self.folder.remove(&at).await;
    }
}

impl Drop for RepositoryLock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(folder: LockFolder, mode: LockMode, at: Arc<Mutex<String>>, interval: Duration) {
    loop {
        sleep(interval).await;
        let mut at = at.lock().await;
        match folder.write(mode).await {
            Ok(renewed) => {
                folder.remove(&at).await;
                *at = renewed;
            }
            Err(error) => {
                let store = folder.store.name();
                tracing::warn!(store, "cannot renew the repository's lock: {error}");
            }
        }
    }
}

fn locks() -> String {
    format!("{REPOSITORY}locks/")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
