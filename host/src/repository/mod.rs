//! A store whose backups share their bytes: a repository in restic's format, made by `rustic_core` over
//! our own stores.
//!
//! ```text
//! spool ──► pieces ──► rustic_core ──► backend ──► Store
//!           cut where    chunks,         gate: no snapshot before
//!           the content  compresses,     the run has ended well
//!           says so      encrypts
//!
//! Store ──► backend ──► rustic_core ──► contents ──► fetch, verify, restore, drill
//! ```
//!
//! The library is synchronous: it works on threads of its own, which wait for the stores' event loop.
//! README.md of this folder has what it does not say of itself.

mod backend;
mod contents;
mod cut;
mod damage;
mod error;
mod escrow;
mod gate;
mod index_view;
mod key_file;
mod lock;
mod lock_file;
mod master_keys;
mod memory;
mod opened;
mod pieces;
mod proof;
mod prune;
mod sealed;
mod section_names;
mod transfer;
mod tree;
mod unnamed;
mod upload;

pub use contents::SnapshotContents;
pub use damage::{examine, known_damage};
pub use memory::{IndexMemory, index_memory};
pub use proof::{Proof, prove};
pub use prune::{RepositoryPruning, SnapshotChoice, prune, was_pruned_at};
pub use transfer::{RepositoryPlace, RepositoryTransfer};
pub use unnamed::note_unnamed;
pub use upload::{Archived, SnapshotLabel, SnapshotUpload};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
