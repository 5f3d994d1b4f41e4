//! Many sidecars at a glance: each is asked over its own API how it stands.
//!
//! ```text
//! config ──► client ──► watched, one for each sidecar ──► standing ──► doubt, both pure
//! ```
//!
//! Nothing is written down: what a sidecar answered last is remembered as long as the process runs.

mod bounds;
mod client;
mod doubt;
mod standing;
mod watched;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::clock;
use crate::config::FleetConfig;
use crate::error::Result;
pub use standing::{FleetStatus, SidecarStanding};
use watched::WatchedSidecar;

/// The sidecars of a configuration.
pub struct Fleet {
    sidecars: Vec<WatchedSidecar>,
    interval: Duration,
    changes: AtomicU64,
    closed: AtomicBool,
}

impl Fleet {
    /// Sidecars that were not asked yet. Fails when certificates cannot be used.
    pub fn new(config: &FleetConfig) -> Result<Self> {
        let sidecars = config.sidecars.iter();
        let sidecars = sidecars.map(|sidecar| WatchedSidecar::new(sidecar, config.timeout));
        Ok(Self {
            sidecars: sidecars.collect::<Result<_>>()?,
            interval: config.interval,
            changes: AtomicU64::default(),
            closed: AtomicBool::default(),
        })
    }

    /// What the one before knows of a sidecar is known of the same one here. What follows sees that all has changed.
    pub fn follow(&self, before: &Self) {
        for sidecar in &self.sidecars {
            let same = before.sidecars.iter().find(|old| old.is_same(sidecar));
            same.into_iter().for_each(|old| sidecar.remember(old));
        }
        self.changes.store(before.version() + 1, Ordering::Release);
    }

    /// Asks every sidecar again and again, without an end. One that does not answer keeps no other waiting.
    pub async fn watch(&self) {
        join_all(self.sidecars.iter().map(|sidecar| self.watch_one(sidecar))).await;
    }

    async fn watch_one(&self, sidecar: &WatchedSidecar) {
        loop {
            if sidecar.ask().await {
                self.changes.fetch_add(1, Ordering::Release);
            }
            sleep(self.interval).await;
        }
    }

    /// How all of them stand, in the order of the configuration.
    pub fn status(&self) -> FleetStatus {
        let sidecars = self.sidecars.iter().map(WatchedSidecar::standing);
        FleetStatus::new(clock::now(), sidecars.collect())
    }

    /// Another number when a sidecar stands otherwise than before.
    pub fn version(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Ends what follows the fleet.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether the server stops.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
