//! Folders that no module sees, wherever they lie in what it may read: they hold backups.

use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use rustix::fs::{Stat, fstat};

use super::descriptor::by_descriptor;
use super::location::Location;

/// Folders that are left out of every listing and cannot be opened.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    folders: Vec<Location>,
}

impl LeftOut {
    /// They have to be there: what is made later is not recognised by another name.
    pub(crate) fn new(folders: &[PathBuf]) -> Self {
        Self {
            folders: folders.iter().map(|path| Location::of(path)).collect(),
        }
    }

    /// Whether an entry of a listing is one of them.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the widths of stat's fields differ between machines"
    )]
    pub(crate) fn is(&self, facts: &Stat) -> bool {
        let identity = (facts.st_dev as u64, facts.st_ino as u64);
        self.folders
            .iter()
            .any(|folder| folder.identity() == Some(identity))
    }

    /// Whether one of them lies below an open folder.
    pub(crate) fn is_below(&self, open: &impl AsRawFd) -> bool {
        let path = std::fs::read_link(by_descriptor(open)).unwrap_or_default();
        let mut folders = self.folders.iter();
        folders.any(|folder| folder.path().starts_with(&path))
    }

    /// Whether an open folder is one of them, or lies in one.
    pub(crate) fn has(&self, open: &(impl AsRawFd + AsFd)) -> bool {
        if self.folders.is_empty() {
            return false;
        }
        let path = std::fs::read_link(by_descriptor(open)).unwrap_or_default();
        let mut folders = self.folders.iter();
        folders.any(|folder| path.starts_with(folder.path()))
            || fstat(open).is_ok_and(|facts| self.is(&facts))
    }
}
