//! Whether a store can do what a backup needs, asked before three in the morning.

use uuid::Uuid;

use super::{Store, keys};
use crate::error::{Error, Result};

/// More is still accepted by most services, but not by all, and makes leases last too long or too short.
const TOLERATED_SKEW: i64 = 60;

/// What a look at a store found.
#[derive(Debug, Default)]
pub struct Probe {
    /// What must be put right; empty if all is well. Each says what, and what to do.
    pub problems: Vec<Error>,
    /// Whether several sidecars can share it: see [`Store::acquire`].
    pub takes_turns: bool,
}

impl Store {
    /// Writes, lists, reads and deletes a small object; leaves nothing behind.
    pub async fn probe(&self) -> Probe {
        let mut probe = Probe::default();
        let key = format!("{}probe/{}", keys::PRIVATE, Uuid::now_v7());
        match self.put(&key, key.clone().into_bytes()).await {
            Ok(()) => {
                probe.note(self.reads_back(&key).await);
                probe.takes_turns = self.refuses_to_replace(&key).await;
                probe.note(self.list(&format!("{}probe/", keys::PRIVATE)).await);
                probe.note(self.delete(&key).await);
            }
            Err(error) => {
                let about_writing = error.code() == "no-write-permission";
                probe.problems.push(error);
                // Whoever may not write may still be asked what else is missing.
                if about_writing {
                    probe.note(self.list(keys::PRIVATE).await);
                }
            }
        }
        probe.note(self.clock());
        probe
    }

    async fn reads_back(&self, key: &str) -> Result<()> {
        if self.get(key).await? == key.as_bytes() {
            return Ok(());
        }
        let (name, shown) = (self.name(), self.shown(key));
        let message = format!("store `{name}` does not give back what was written to {shown}");
        Err(Error::run("damaged-on-the-way", message)
            .hint("see what stands between here and the store"))
    }

    /// A service that ignores the condition would hand one lease to two owners.
    async fn refuses_to_replace(&self, key: &str) -> bool {
        if self.is_folder() {
            return true;
        }
        let path = self.full(key);
        let again = self.operator.write_with(&path, key.to_owned());
        let refused = again.if_not_exists(true).await;
        refused.is_err_and(|error| error.kind() == opendal::ErrorKind::ConditionNotMatch)
    }

    fn clock(&self) -> Result<()> {
        if self.skew().abs() <= TOLERATED_SKEW {
            return Ok(());
        }
        let message = format!(
            "the clocks of this machine and of store `{}` differ: {}",
            self.name(),
            self.skew_in_words()
        );
        Err(Error::run("clock-skew", message)
            .hint("correct the clock of this machine (NTP), or the store's: requests are signed with the time"))
    }
}

impl Probe {
    fn note<T>(&mut self, outcome: Result<T>) {
        if let Err(error) = outcome
            && !self
                .problems
                .iter()
                .any(|known| known.code() == error.code())
        {
            self.problems.push(error);
        }
    }
}
