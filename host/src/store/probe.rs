//! Whether a store can do what a backup needs, asked before the first run.

use uuid::Uuid;

use super::error::{CLOCK_HINT, StoreFailure, StoreOperation, failure, skew_in_words};
use super::keys;
use super::objects::Store;
use crate::error::{Error, Result};

/// Seconds. More is still accepted by most services, but not by all, and makes leases last too long
/// or too short.
const TOLERATED_SKEW: i64 = 60;

/// Seconds after which a probe is surely over.
const PROBE_LASTS: u64 = 600;

/// What probing a store found.
#[derive(Debug, Default)]
pub struct Probe {
    /// What must be put right; empty if all is well. Each says what, and what to do.
    pub problems: Vec<Error>,
    /// What a backup can do without: it is made all the same.
    pub warnings: Vec<Error>,
    /// Whether several sidecars can share it: see [`Store::acquire`].
    pub supports_leases: bool,
    /// What the operator should know of how it is used.
    pub remarks: Vec<String>,
}

impl Store {
    /// Writes, lists, reads and deletes a small object; leaves nothing behind, or one object where nothing
    /// may be deleted, however often it is asked.
    pub async fn probe(&self) -> Probe {
        let mut probe = Probe::default();
        let key = self.probed_key().await;
        match self.put(&key, key.clone().into_bytes()).await {
            Ok(()) => {
                probe.note(self.reads_back(&key).await);
                // A service that ignores the condition would hand one lease to two owners.
                probe.supports_leases = self.backend.refuses_to_overwrite(&key, &key).await;
                probe.note(self.list(&format!("{}probe/", keys::PRIVATE)).await);
                match self.delete(&key).await {
                    Err(error) if refuses_to_delete(&error) => {
                        probe.warnings.push(undeletable(error))
                    }
                    deleted => probe.note(deleted),
                }
            }
            Err(error) => {
                let is_read_only =
                    failure(&error) == Some(StoreFailure::Denied(StoreOperation::Write));
                probe.problems.push(error);
                // Without the permission to write, it can still be asked what else is missing.
                if is_read_only {
                    probe.note(self.list(keys::PRIVATE).await);
                }
            }
        }
        probe.note(self.compare_clocks());
        probe.remarks = self.backend.remarks();
        probe
    }

    /// That of an earlier probe that could not be deleted, or a new one.
    async fn probed_key(&self) -> String {
        let folder = format!("{}probe/", keys::PRIVATE);
        let new = Uuid::now_v7();
        let left = self.list(&folder).await.unwrap_or_default().into_iter();
        let old = left.map(|object| object.key).find(|key| {
            // Another sidecar may be probing at this moment.
            let made = key.strip_prefix(&folder).and_then(|id| id.parse().ok());
            made.is_some_and(|made| seconds(&made) + PROBE_LASTS < seconds(&new))
        });
        old.unwrap_or_else(|| format!("{folder}{new}"))
    }

    async fn reads_back(&self, key: &str) -> Result<()> {
        if self.get(key).await? == key.as_bytes() {
            return Ok(());
        }
        let (name, shown) = (self.name(), self.shown(key));
        let message = format!("store `{name}` does not give back what was written to {shown}");
        Err(StoreFailure::DamagedInTransit
            .error(message)
            .hint("see what stands between here and the store"))
    }

    fn compare_clocks(&self) -> Result<()> {
        let skew = self.backend.clock_skew();
        if skew.abs() <= TOLERATED_SKEW {
            return Ok(());
        }
        let message = format!(
            "the clocks of this machine and of store `{}` differ: {}",
            self.name(),
            skew_in_words(skew)
        );
        Err(StoreFailure::ClockSkew.error(message).hint(CLOCK_HINT))
    }
}

impl Probe {
    /// Several requests may fail for one reason, which is said once.
    fn note<T>(&mut self, outcome: Result<T>) {
        if let Err(error) = outcome
            && !self.problems.iter().any(|known| is_same(known, &error))
        {
            self.problems.push(error);
        }
    }
}

fn is_same(known: &Error, new: &Error) -> bool {
    match (failure(known), failure(new)) {
        (Some(known), Some(new)) => known == new,
        _ => known.message() == new.message(),
    }
}

fn refuses_to_delete(error: &Error) -> bool {
    failure(error) == Some(StoreFailure::Denied(StoreOperation::Delete))
}

fn undeletable(error: Error) -> Error {
    let message = format!("{error}: backups are made, and older ones are never deleted");
    let hint = error.hint_text().unwrap_or_default();
    let hint =
        format!("leave it so if the store itself deletes (lifecycle rules, lock); else {hint}");
    Error::run(error.code().to_owned(), message).hint(hint)
}

/// Since 1970, when an id was made.
fn seconds(id: &Uuid) -> u64 {
    id.get_timestamp().map_or(0, |made| made.to_unix().0)
}
