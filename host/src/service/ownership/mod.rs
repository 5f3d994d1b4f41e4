//! Whose the stores are: found out before anything is written, deleted or leased there.
//!
//! ```text
//! profile ──► identity ──► claimant ──► a Store that knows which backups are ours
//! what is     this         the store's record, made if there is none
//! backed up   sidecar's id
//!                          adopt: takes over what another one owned, when an operator says so
//! ```
//!
//! What the answers mean is decided in `store/owner/`.

mod adopt;
mod claimant;
mod identity;
mod known_places;
mod profile;

pub use adopt::Adoption;
pub(super) use adopt::adopt;
pub(super) use claimant::Claimant;
