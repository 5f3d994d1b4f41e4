//! Whose backups lie in a store: the one place that tells ours from another sidecar's.
//!
//! ```text
//! judge ───────► Standing      this sidecar's id, and what the store says of its owner
//! Ownership ───► own, foreign  each manifest; retention, `latest`, drills look at own ones only
//! OwnerRecord ─► .sidecar/owner.json, written once, if it is not there
//! ```
//!
//! A store is shared when its owner is another one, or when foreign manifests lie beside ours: then
//! both sidecars back up, and none deletes anything. None of this is authentication: a sidecar that may
//! write a prefix may write the record, too.

mod id;
mod judge;
mod ownership;
mod profile;
mod record;

pub use id::{OwnerId, owner_of};
pub use judge::{Refused, Standing, adoptable, judge};
pub use ownership::Ownership;
pub use profile::Profile;
pub use record::OwnerRecord;

#[cfg(test)]
mod tests;
