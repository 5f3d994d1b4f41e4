//! Which slots of a schedule are done, and for how long that counts.
//!
//! A slot is named by the clock of the sidecar that made its backup. A clock that is ahead names one that
//! is still to come: when it comes, its backup is to be made all the same. So what was done counts for one
//! period, by the kernel's own time on the same machine, and elsewhere by the store's clock.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::objects::Store;
use super::owner_process::OwnerProcess;

/// One moment, by clocks that no one sets, or that all can compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeaseMoment {
    /// Of the running kernel, and the seconds that it had been up for.
    pub(crate) boot: Option<String>,
    pub(crate) up: u64,
    /// By the store's own clock, if it has one.
    pub(crate) store: Option<Timestamp>,
}

/// A slot that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DoneSlot {
    pub(super) slot: String,
    #[serde(flatten)]
    pub(super) at: LeaseMoment,
}

/// Whether the backup of a slot is still to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotStanding {
    /// It is.
    Open,
    /// It is made.
    Done,
    /// It is made, if the lease was last written within the period.
    LastDone,
}

impl LeaseMoment {
    pub(super) fn now(store: &Store) -> Self {
        let process = OwnerProcess::this();
        Self {
            up: process.as_ref().map_or(0, OwnerProcess::up),
            boot: process.map(OwnerProcess::into_boot),
            store: store.own_clock(),
        }
    }

    /// How long ago another moment was; none if they cannot be compared.
    pub(super) fn since(&self, then: &Self) -> Option<Duration> {
        if self.boot.is_some() && self.boot == then.boot {
            return self.up.checked_sub(then.up).map(Duration::from_secs);
        }
        Duration::try_from(self.store?.duration_since(then.store?)).ok()
    }
}
