//! Stores: where backups go, and where they are read back from.
//!
//! ```text
//! run ──► upload ──► commit ──► catalogue ──► fetch, verify
//!         artifact   manifest   manifests     bytes
//!
//! Store ──► lock, lease, upload, commit, catalogue, reading, fetch, probe   know only the trait
//!             │
//!          backend.rs          the trait
//!          ┌──┴───┐
//!        local/  s3/           what keeps the bytes; open.rs chooses
//! ```
//!
//! A backup is an artifact with a manifest beside it, or a snapshot in the repository of its store, whose manifest names it ([`crate::artifact::manifest`]). The artifact is
//! written first and deleted last, so that a manifest never promises what is not there. A sidecar that
//! writes or deletes has the store's lock meanwhile ([`StoreLock`]), and notes at which keys: what it
//! leaves half done if it dies is removed by the next one.
//!
//! A back end makes an object appear whole or not at all, and keeps it through a power cut; the layers
//! above rely on that and ask for nothing else.

mod backend;
mod blocking;
mod catalogue;
mod commit;
mod damage;
mod error;
mod fetch;
mod health;
mod keys;
mod known_objects;
mod lease;
mod lease_done;
mod lease_record;
mod lease_watch;
mod lifecycle;
mod listed;
mod local;
mod lock;
mod newest;
mod objects;
mod open;
mod owner;
mod owner_process;
mod owner_record;
mod probe;
mod reading;
mod renewed_lease;
mod repository;
mod retry;
mod s3;
mod same_place;
mod spool_range;
mod spool_tail;
mod tombstone;
mod unfinished;
mod upload;
mod usable;
mod verdicts;

pub use backend::Object;
pub use catalogue::{Catalogue, StoredBackup, Which, newest_first};
pub use commit::Removal;
pub use damage::{DamageExtent, DamagedBackup};
pub use error::{StoreFailure, StoreOperation, failure};
pub use health::{BackupHealth, is_damage};
pub use keys::{REPOSITORY, is_dated_at, stem, stem_and_time};
pub use known_objects::KnownObjects;
pub use lease::{Acquired, Lease};
pub use lease_watch::LeaseWatch;
pub use lock::StoreLock;
pub use newest::arrival;
pub use objects::Store;
pub use owner::{
    OwnerId, OwnerRecord, Ownership, Profile, Refused, Standing, adoptable, judge, owner_of,
};
pub use owner_record::FoundOwner;
pub use probe::Probe;
pub use reading::Reading;
pub use renewed_lease::{RenewedLease, lease_duration};
pub use retry::RetryPolicy;
pub use s3::keep_notes_in;
pub use unfinished::UnfinishedArtifact;
pub use upload::{Stored, Upload};

#[cfg(test)]
pub(crate) use lease_done::{LeaseMoment, SlotStanding};
#[cfg(test)]
pub(crate) use lease_record::LeaseRecord;

#[cfg(test)]
pub(crate) mod tests;
