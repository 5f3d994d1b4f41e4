//! What the host keeps for a module that restores.

use super::tree::Tree;
use crate::artifact::Fetched;
use crate::error::Error;

/// What the host keeps for a module that restores.
pub(in crate::sandbox) struct Restoring {
    pub(in crate::sandbox) source: Fetched,
    pub(in crate::sandbox) target: Option<Tree>,
}

/// Only a restore has a backup to read.
pub(in crate::sandbox) fn no_restore() -> Error {
    Error::run(
        "no-restore",
        "there is no backup here to be read: this is no restore",
    )
}
