//! Entries of a folder that is held open: for trees of many files, whose folders are synced once in
//! the end.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::{Errno, Result};

/// An entry beside its place, under a name of its own. It goes away unless it gets its place.
pub(crate) struct TemporaryEntry {
    folder: Arc<OwnedFd>,
    name: String,
}

impl TemporaryEntry {
    /// An empty file under a name that nothing else has.
    pub(crate) fn file(folder: &Arc<OwnedFd>, name: &str) -> Result<(Self, File)> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok((Self::at(folder, name), file.into()))
    }

    /// What `make` makes under the name that it is given.
    pub(crate) fn made(
        folder: &Arc<OwnedFd>,
        name: &str,
        make: impl FnOnce(&str) -> Result<()>,
    ) -> Result<Self> {
        make(name)?;
        Ok(Self::at(folder, name))
    }

    /// What it is called until it gets its place.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives it its place in one step, in which nothing may stand unless it is to be replaced.
    pub(crate) fn publish(self, place: &Path, replace: bool) -> Result<()> {
        match replace {
            true => renameat(&self.folder, &self.name, &self.folder, place),
            false => rename_unless_exists(&self.folder, Path::new(&self.name), place),
        }
    }

    fn at(folder: &Arc<OwnedFd>, name: &str) -> Self {
        Self {
            folder: Arc::clone(folder),
            name: name.to_owned(),
        }
    }
}

impl Drop for TemporaryEntry {
    /// Also after it was published: renaming one name of a file to another one leaves both.
    fn drop(&mut self) {
        match unlinkat(&self.folder, &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => {
                tracing::warn!(name = self.name, %error, "cannot remove a file that was not restored completely");
            }
        }
    }
}

/// Moves `from` to `to`, both in `folder`, unless something stands there. Where the file system
/// only has links, the first name is left and the caller removes it.
pub(super) fn rename_unless_exists(folder: impl AsFd, from: &Path, to: &Path) -> Result<()> {
    match renameat_with(&folder, from, &folder, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => linkat(&folder, from, &folder, to, AtFlags::empty()),
        done => done,
    }
}
