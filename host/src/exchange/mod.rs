//! A tree that replaces files and directories as a whole: built beside what is there, then exchanged
//! with it.
//!
//! ```text
//! Staging ──► plan ──► journal ──► exchange ──► tidy
//! beside      what     synced      renames      what was
//! what is     changes  first       (or back)    replaced
//! there       names
//! ```
//!
//! What the new tree does not name stays: it gets its names in the new directories by hard links, and
//! what the application changes meanwhile is not lost ([`merge`] has the rule). Until
//! the exchange nothing has changed; if it fails half-way, it is undone; a process that dies in the
//! middle is followed by [`recover`], which the next run begins with: it finishes what had begun to
//! change, and removes what had not. A directory that can be exchanged
//! as a whole changes in one moment. What cannot (a mount point, a file system that renames no
//! directories) is exchanged entry by entry.

mod area;
mod base;
mod carry;
mod commit;
mod directory_facts;
mod entries;
mod fault;
mod follow;
mod journal;
mod merge;
mod plan;
mod raw_path;
mod recover;
mod remove;
mod sighting;
mod staging;
mod step;

pub(crate) use commit::Committed;
pub(crate) use directory_facts::DirectoryFacts;
pub(crate) use entries::{beneath, is_directory};
pub(crate) use fault::at as fault;
pub(crate) use journal::Adding;
pub(crate) use recover::recover;
pub(crate) use staging::{Staging, StagingRequest};

/// How the folder is called that a tree is built in; the id of its restore follows.
const STAGED: &str = ".sidecar-new-";
/// How an entry is called that is not complete; the id of its restore follows.
pub(crate) const PARTIAL: &str = ".sidecar-part-";
