//! The backup as a tree of files in a repository, where there is one that takes files. The module says what belongs in
//! it; the host reads what has changed since the last backup.

use crate::imports::tree;
use crate::types::Result;

pub use crate::bindings::tree_maker::sidecar::strategy::tree::LateFailure;

/// Whether there is a repository that takes files, and no one wants an artifact.
pub fn wanted() -> bool {
    tree::wanted()
}

/// Adds what stands at `path` as `name`; with `follow`, the target of a symbolic link there. Directories come before
/// what is in them, sorted by bytes; "." is the tree itself.
pub fn add(name: &[u8], path: &[u8], follow: bool) -> Result<()> {
    tree::add(name, path, follow)
}

/// Files that are not in the backup, or not as they were when they were added: what was found since the last call.
pub fn late_failures() -> Vec<LateFailure> {
    tree::late_failures()
}

/// Ends the tree, and waits until all of it was read. Returns what was found since the last call.
pub fn finish() -> Result<Vec<LateFailure>> {
    tree::finish()
}
