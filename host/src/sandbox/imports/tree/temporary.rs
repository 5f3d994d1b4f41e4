//! Something that is not at its place yet, and goes away unless it gets there.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::{Errno, Result};

/// An entry beside its place, under a name that nobody else uses.
pub(super) struct Temporary {
    folder: Arc<OwnedFd>,
    name: String,
}

impl Temporary {
    /// An empty file.
    pub(super) fn file(folder: &Arc<OwnedFd>) -> Result<(Self, File)> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let name = unused();
        let file = openat(folder, &name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok((Self::at(folder, name), file.into()))
    }

    /// Whatever `make` makes under the name that it is given.
    pub(super) fn made(
        folder: &Arc<OwnedFd>,
        make: impl FnOnce(&str) -> Result<()>,
    ) -> Result<Self> {
        let name = unused();
        make(&name)?;
        Ok(Self::at(folder, name))
    }

    /// What it is called until it gets its place.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Gives it its place in one step, in which nothing may stand unless it is to be replaced.
    pub(super) fn publish(self, place: &Path, replace: bool) -> Result<()> {
        let (from, to) = (&self.folder, &self.folder);
        if replace {
            return renameat(from, &self.name, to, place);
        }
        match renameat_with(from, &self.name, to, place, RenameFlags::NOREPLACE) {
            // Not every file system knows this; dropping it takes the first name away.
            Err(Errno::INVAL | Errno::NOSYS) => {
                linkat(from, &self.name, to, place, AtFlags::empty())
            }
            done => done,
        }
    }

    fn at(folder: &Arc<OwnedFd>, name: String) -> Self {
        Self {
            folder: Arc::clone(folder),
            name,
        }
    }
}

impl Drop for Temporary {
    /// Also after it was published: renaming one name of a file to another one leaves both.
    fn drop(&mut self) {
        match unlinkat(&self.folder, &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => {
                tracing::warn!(name = self.name, %error, "cannot remove what was not restored whole");
            }
        }
    }
}

fn unused() -> String {
    format!(".sidecar-{}", uuid::Uuid::now_v7().simple())
}
