//! A lease: several sidecars with one store do the same thing only once, and one after the other.
//!
//! It is one small object, changed only on the condition that no other sidecar changed it meanwhile.

use std::time::Duration;

use super::backend::ObjectVersion;
use super::error::StoreFailure;
use super::keys;
use super::lease_done::{LeaseMoment, SlotStanding};
use super::lease_record::LeaseRecord;
use super::lease_watch::LeaseWatch;
use super::objects::Store;
use crate::clock;
use crate::error::{Error, Result};
use crate::retention::LARGEST_GAP;

/// Tries to take a lease that other sidecars change at the same time. Not a retry that waits: the
/// second try asks about the sidecar that was faster.
const TRIES: usize = 2;

/// The right to do something, as long as it is renewed.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    key: String,
    record: LeaseRecord,
    /// Of the object as we wrote it.
    version: ObjectVersion,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Acquired {
    /// It is ours.
    Held(Box<Lease>),
    /// Another sidecar is at it.
    Busy {
        /// Which.
        owner: String,
        /// How much longer it has to be silent before it may be followed.
        left: Duration,
    },
    /// Another sidecar has done it.
    Done {
        /// Which.
        owner: String,
    },
}

impl Store {
    /// Asks for the lease called `name` ("schedule") to do `slot` ("20231201T030000Z") once. Slots sort
    /// by time: with one, all before it are done.
    ///
    /// `owner` must be unique among the sidecars that ask; the same one may ask again, with the same
    /// `watch`, which says how long the same slot means the same run. One whose owner has not renewed it for `duration` and a tenth is taken over.
    pub async fn acquire(
        &self,
        name: &str,
        slot: &str,
        owner: &str,
        duration: Duration,
        watch: &mut LeaseWatch,
    ) -> Result<Acquired> {
        let key = keys::lease(name);
        for _ in 0..TRIES {
            let (found, version) = self.lease_record(&key).await?;
            if let (Some(found), Some(version)) = (&found, &version) {
                let other = || found.owner.clone();
                // Only now: the answer has told how far the store's clock is ahead. One of the two clocks is
                // enough to see that a slot is still to come.
                if self.is_done(&key, found, slot, watch).await? {
                    return Ok(Acquired::Done { owner: other() });
                }
                if !found.is_free()
                    && found.owner != owner
                    && let Some(left) = watch.left(self, &key, found, version).await?
                {
                    let owner = other();
                    return Ok(Acquired::Busy { owner, left });
                }
            }
            let record = LeaseRecord::next(found, owner, slot, duration, self.now());
            let written = self.replace_lease(&key, &record, version.as_ref()).await?;
            if let Some(version) = written {
                return Ok(Acquired::Held(Box::new(Lease {
                    store: self.clone(),
                    key,
                    record,
                    version,
                })));
            }
        }
        let message = format!(
            "the lease `{name}` in store `{}` changes all the time",
            self.name()
        );
        Err(Error::run("lease-contended", message).hint("see how many sidecars use this prefix"))
    }

    async fn is_done(
        &self,
        key: &str,
        found: &LeaseRecord,
        slot: &str,
        watch: &LeaseWatch,
    ) -> Result<bool> {
        let (now, here) = (self.now().min(clock::now()), LeaseMoment::now(self));
        Ok(match found.standing(slot, now, &here, watch.period) {
            SlotStanding::Open => false,
            SlotStanding::Done => true,
            SlotStanding::LastDone => {
                let age = self.backend.age(key).await?;
                age.is_some_and(|age| age < watch.period)
            }
        })
    }

    /// Garbage counts as no lease: a good one is written over it.
    pub(super) async fn lease_record(
        &self,
        key: &str,
    ) -> Result<(Option<LeaseRecord>, Option<ObjectVersion>)> {
        let found = self.backend.read_versioned(key).await?;
        let record = found
            .as_ref()
            .and_then(|found| serde_json::from_str(&found.text).ok());
        Ok((record, found.map(|found| found.version)))
    }

    async fn replace_lease(
        &self,
        key: &str,
        record: &LeaseRecord,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>> {
        self.backend
            .replace_version(key, &text(record), expected)
            .await
    }
}

impl Lease {
    /// Which one it is in the row of those that had this lease.
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// How long it lasts without a renewal.
    pub fn duration(&self) -> Duration {
        self.record.duration()
    }

    /// What its owner, or the one before it that died, is working on.
    pub fn keys(&self) -> &[String] {
        &self.record.keys
    }

    /// The number of the next backup, which is to be `at_least` that; none if the store tells of none. It is
    /// written down with the next renewal.
    pub fn next_number(&mut self, at_least: Option<u64>) -> Option<u64> {
        let plausible = at_least.unwrap_or(0).saturating_add(LARGEST_GAP);
        let known = self.record.seq.filter(|seq| *seq < plausible);
        let next = at_least.max(known.map(|seq| seq + 1))?;
        self.record.seq = Some(next);
        Some(next)
    }

    /// Whether the store looks at conditions: one that does not would hand a lease to two owners.
    pub async fn is_exclusive(&self) -> bool {
        let text = text(&self.record);
        self.store
            .backend
            .refuses_to_overwrite(&self.key, &text)
            .await
    }

    /// Writes down what is being worked on, before that begins.
    pub async fn note(&mut self, keys: Vec<String>) -> Result<()> {
        self.write(self.record.renewed(keys, self.store.now()))
            .await
    }

    /// Makes it last as long again, counted from now. Fails if another sidecar took it over.
    pub async fn renew(&mut self) -> Result<()> {
        self.note(self.record.keys.clone()).await
    }

    /// Gives it back; `done` says that no sidecar needs to do the slot again, `keys` what is still left
    /// half done.
    pub async fn release(&mut self, done: bool, keys: Vec<String>) -> Result<()> {
        let at = LeaseMoment::now(&self.store);
        self.write(self.record.released(done, keys, at)).await
    }

    async fn write(&mut self, record: LeaseRecord) -> Result<()> {
        let (store, key) = (&self.store, &self.key);
        let mut written = store
            .replace_lease(key, &record, Some(&self.version))
            .await?;
        if written.is_none() {
            // An earlier try may have got through although its answer was lost: then it is ours still.
            let (found, version) = store.lease_record(key).await?;
            if found.is_some_and(|found| found.is_of_same_owner(&record)) {
                written = store.replace_lease(key, &record, version.as_ref()).await?;
            }
        }
        let Some(version) = written else {
            let message = format!("the lease {} was taken over", store.shown(key));
            return Err(lost(store, &message));
        };
        self.version = version;
        self.record = record;
        Ok(())
    }
}

/// Another sidecar has the store now; `message` says what showed it.
pub(super) fn lost(store: &Store, message: &str) -> Error {
    let message = format!("{message} by another sidecar (store `{}`)", store.name());
    StoreFailure::LeaseLost.error(message).hint(
        "this machine was stopped, or could not reach the store, for longer than a lease lasts",
    )
}

fn text(record: &LeaseRecord) -> String {
    serde_json::to_string(record).expect("a record has nothing that JSON cannot say")
}
