//! A backup that is a tree of files, in a repository and out of it.
//!
//! ```text
//! entries ──► source ──► rustic_core      each entry as a node; what the last tree has as well
//!             node, reader                is not opened
//!
//! snapshot ──► verified ──► archive       a tar of the files, as `file_archive` writes them
//!              digests       tar_member
//! ```

mod archive;
mod hard_links;
mod listing;
mod members;
mod mode;
mod node;
mod owners;
mod posix_acl;
mod reader;
mod source;
mod tar_member;
mod verified;

pub(super) use archive::TreeArchive;
pub(super) use source::TreeSource;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
