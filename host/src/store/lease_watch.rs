//! Whether the owner of a lease is dead. That is seen, never read from a time that was written down:
//! a clock that is wrong would rob an owner that lives, or wait for years for one that does not.
//!
//! What is asked, in this order: the process, where it runs on this machine; how long ago the lease
//! was written, both by the store's own clock; and how long it has not changed before our eyes.

use std::collections::HashMap;
use std::time::Duration;

use super::backend::ObjectVersion;
use super::lease_record::LeaseRecord;
use super::objects::Store;
use super::owner_process::OwnerSign;
use crate::clock;
use crate::error::Result;

/// Versions of version 1 renew that often, with some delay.
const OLD_RENEWAL: Duration = Duration::from_secs(45);

/// What one sidecar that waits has seen of leases, from one look to the next.
#[derive(Debug)]
pub struct LeaseWatch {
    seen: HashMap<String, SeenLease>,
    /// For how long a slot of the same name is the same run.
    pub(super) period: Duration,
}

impl Default for LeaseWatch {
    /// A name is used once.
    fn default() -> Self {
        Self::of_period(Duration::MAX)
    }
}

/// A lease as it was found, and when it was first found so.
#[derive(Debug)]
struct SeenLease {
    version: ObjectVersion,
    since: Duration,
}

impl LeaseWatch {
    /// For leases of a schedule whose slots lie a period apart.
    pub fn of_period(period: Duration) -> Self {
        Self {
            seen: HashMap::new(),
            period,
        }
    }

    /// How much longer the owner has to be silent before another sidecar may take over; none if that
    /// may be done now.
    pub(super) async fn left(
        &mut self,
        store: &Store,
        key: &str,
        found: &LeaseRecord,
        version: &ObjectVersion,
    ) -> Result<Option<Duration>> {
        let mut allowed = found.duration().mul_f32(1.1);
        if found.has_expired(store.now()) {
            allowed = OLD_RENEWAL;
        }
        let observed = self.observe(&format!("{} {key}", store.name()), version);
        let sign = found.process.as_ref().map(|process| process.sign());
        let silent = match sign {
            Some(OwnerSign::Gone) => return Ok(None),
            Some(OwnerSign::Silent(time)) => time,
            // A folder on a disk of this machine shows the same clock; another one is asked here.
            _ => store.backend.age(key).await?.unwrap_or_default(),
        };
        let silent = silent.max(observed);
        Ok((silent < allowed).then(|| allowed - silent))
    }

    /// For how long this version has been there, as far as was seen.
    fn observe(&mut self, lease: &str, version: &ObjectVersion) -> Duration {
        let now = clock::monotonic();
        let seen = self.seen.get(lease).filter(|seen| seen.version == *version);
        match seen {
            Some(seen) => now.saturating_sub(seen.since),
            None => {
                let version = version.clone();
                let seen = SeenLease {
                    version,
                    since: now,
                };
                self.seen.insert(lease.to_owned(), seen);
                Duration::ZERO
            }
        }
    }
}
