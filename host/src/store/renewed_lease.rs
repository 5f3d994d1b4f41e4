//! A lease that lasts as long as its owner lives.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::error::{StoreFailure, failure};
use super::lease::Lease;
use super::objects::Store;
use crate::error::Result;

/// How long the lease of a sidecar that died keeps others from taking over.
const LEASE_DURATION: Duration = Duration::from_secs(120);
/// Says how many seconds that is instead: for end-to-end tests only, which pause sidecars.
const TEST_VARIABLE: &str = "SIDECAR_TEST_LEASE";

/// How long the lease of a sidecar that died keeps others from taking over.
pub fn lease_duration() -> Duration {
    static DURATION: OnceLock<Duration> = OnceLock::new();
    *DURATION.get_or_init(|| {
        let Some(seconds) = std::env::var_os(TEST_VARIABLE) else {
            return LEASE_DURATION;
        };
        tracing::warn!("leases last as long as {TEST_VARIABLE} says: this is for tests only");
        let seconds = seconds.to_str().and_then(|seconds| seconds.parse().ok());
        Duration::from_secs(seconds.expect("the test's lease lasts for seconds"))
    })
}

/// A lease that is renewed until it is given back. Dropped, it ends by itself after a while.
#[derive(Debug)]
pub struct RenewedLease {
    lease: Arc<Mutex<Lease>>,
    duration: Duration,
    renewing: JoinHandle<()>,
}

impl RenewedLease {
    /// Starts to renew a lease.
    pub fn new(store: &Store, lease: Lease) -> Self {
        let duration = lease.duration();
        let lease = Arc::new(Mutex::new(lease));
        // Three renewals may fail.
        let renewing = renew(store.clone(), lease.clone(), duration / 4);
        Self {
            renewing: tokio::spawn(renewing),
            duration,
            lease,
        }
    }

    /// How long it lasts without a renewal.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// See [`Lease::generation`].
    pub async fn generation(&self) -> u64 {
        self.lease.lock().await.generation()
    }

    /// What is noted in it.
    pub async fn keys(&self) -> Vec<String> {
        self.lease.lock().await.keys().to_vec()
    }

    /// Writes down what is being worked on. Fails if the lease was lost.
    pub async fn note(&self, keys: Vec<String>) -> Result<()> {
        self.lease.lock().await.note(keys).await
    }

    /// See [`Lease::next_number`].
    pub async fn next_number(&self, at_least: Option<u64>) -> Option<u64> {
        self.lease.lock().await.next_number(at_least)
    }

    /// Fails if the lease was lost.
    pub async fn confirm(&self) -> Result<()> {
        self.lease.lock().await.renew().await
    }

    /// Gives it back: see [`Lease::release`].
    pub async fn release(self, done: bool, keys: Vec<String>) -> Result<()> {
        self.lease.lock().await.release(done, keys).await
    }
}

impl Drop for RenewedLease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(store: Store, lease: Arc<Mutex<Lease>>, interval: Duration) {
    loop {
        sleep(interval).await;
        let renewed = lease.lock().await.renew().await;
        if let Err(error) = renewed {
            let lost = failure(&error) == Some(StoreFailure::LeaseLost);
            tracing::warn!(store = store.name(), "cannot renew a lease: {error}");
            if lost {
                return;
            }
        }
    }
}
