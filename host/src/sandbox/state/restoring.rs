//! What the host keeps for a module that restores.

use super::tree::{TargetView, Tree};
use crate::artifact::Fetched;
use crate::error::Error;

/// What the host keeps for a module that restores.
pub(in crate::sandbox) struct Restoring {
    pub(in crate::sandbox) source: Fetched,
    pub(in crate::sandbox) target: Option<TargetDirectory>,
}

impl Restoring {
    /// The directory, where it is filled.
    pub(in crate::sandbox) fn tree(&self) -> Option<&Tree> {
        match &self.target {
            Some(TargetDirectory::Tree(tree)) => Some(tree),
            Some(TargetDirectory::View(_)) | None => None,
        }
    }
}

/// The directory that files are restored into.
pub(in crate::sandbox) enum TargetDirectory {
    /// It is filled.
    Tree(Box<Tree>),
    /// It is looked at: would anything be in the way?
    View(TargetView),
}

/// Only a restore has a backup to read.
pub(in crate::sandbox) fn no_restore() -> Error {
    Error::run(
        "no-restore",
        "there is no backup here to be read: this is no restore",
    )
}
