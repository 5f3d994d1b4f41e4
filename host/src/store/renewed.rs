//! A lease that lasts as long as its owner is there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Lease, Store};
use crate::clock;
use crate::error::Result;

/// How long the lease of somebody who died keeps others from taking over.
pub const LASTING: Duration = Duration::from_secs(120);
/// Between two renewals: three may fail.
const RENEWED: Duration = Duration::from_secs(30);

/// A lease that is renewed until it is given back. Dropped, it ends by itself after [`LASTING`].
#[derive(Debug)]
pub struct Renewed {
    store: Store,
    lease: Arc<Mutex<Lease>>,
    renewing: JoinHandle<()>,
}

impl Renewed {
    /// Starts to renew a lease that was asked for with [`LASTING`].
    pub fn new(store: &Store, lease: Lease) -> Self {
        let lease = Arc::new(Mutex::new(lease));
        Self {
            renewing: tokio::spawn(renew(store.clone(), lease.clone())),
            store: store.clone(),
            lease,
        }
    }

    /// What is noted in it.
    pub async fn keys(&self) -> Vec<String> {
        self.lease.lock().await.keys().to_vec()
    }

    /// Writes down what is being worked on. Fails if the lease was lost.
    pub async fn note(&self, keys: Vec<String>) -> Result<()> {
        self.lease.lock().await.note(keys, self.store.now()).await
    }

    /// Fails if the lease was lost.
    pub async fn confirm(&self) -> Result<()> {
        self.lease.lock().await.renew(self.store.now()).await
    }

    /// Gives it back: see [`Lease::release`].
    pub async fn release(self, done: bool, keys: Vec<String>) -> Result<()> {
        let mut lease = self.lease.lock().await;
        lease.release(done, keys, self.store.now()).await
    }
}

impl Drop for Renewed {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(store: Store, lease: Arc<Mutex<Lease>>) {
    loop {
        sleep(RENEWED).await;
        let renewed = lease.lock().await.renew(store.now()).await;
        if let Err(error) = renewed {
            let lost = error.code() == "lease-lost";
            tracing::warn!(store = store.name(), "cannot renew a lease: {error}");
            if lost {
                return;
            }
        }
    }
}

impl Store {
    /// What the store's clock shows: the one that all who share it can compare.
    pub fn now(&self) -> jiff::Timestamp {
        clock::now() + jiff::SignedDuration::from_secs(self.skew())
    }
}
