//! Whether a volume has room for what is about to be written: found out before anything is.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{StatVfs, fstatvfs, statvfs};
use rustix::process::geteuid;

use crate::error::{Error, Result};

/// What is free on a volume for this process.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    bytes: u64,
    /// None where the file system makes them as they are needed.
    inodes: Option<u64>,
}

impl Space {
    /// Of the volume that `path` is on.
    pub fn of(path: &Path) -> Result<Self> {
        let facts = statvfs(path);
        let facts = facts.map_err(|error| Error::io("inspect", path, error.into()))?;
        Ok(Self::from(facts))
    }

    /// Of the volume that an open file or folder is on.
    pub(crate) fn at(open: impl AsFd) -> rustix::io::Result<Self> {
        fstatvfs(open).map(Self::from)
    }

    /// Fails if it is less than needed at `path`. What another process writes meanwhile is not known.
    pub fn require(self, path: &Path, bytes: u64, files: u64) -> Result<()> {
        let shown = path.display();
        let message = match self.inodes {
            _ if self.bytes < bytes => format!(
                "{bytes} bytes are needed in {shown}, and {} are free",
                self.bytes
            ),
            Some(inodes) if inodes < files => {
                format!("{files} inodes are needed in {shown}, and {inodes} are free")
            }
            _ => return Ok(()),
        };
        Err(Error::run("disk-full", message)
            .hint("free space on that volume or make it larger; nothing was written"))
    }
}

/// What could not be written below `folder`: if it has no room for so many bytes, how many that are; else none.
pub fn lack_of_room(folder: &Path, bytes: u64, error: &io::Error) -> Option<Error> {
    let is_full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let space = is_full.then(|| Space::of(folder).ok())??;
    space.require(folder, bytes, 1).err()
}

impl From<StatVfs> for Space {
    fn from(facts: StatVfs) -> Self {
        // Some is kept for root.
        let (blocks, inodes) = match geteuid().is_root() {
            true => (facts.f_bfree, facts.f_ffree),
            false => (facts.f_bavail, facts.f_favail),
        };
        Self {
            bytes: blocks.saturating_mul(facts.f_frsize),
            inodes: (facts.f_files > 0).then_some(inodes),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_bytes_or_inodes() {
        let space = Space {
            bytes: 1000,
            inodes: Some(3),
        };
        let path = Path::new("/here");
        space.require(path, 1000, 3).unwrap();
        let error = space.require(path, 1001, 3).unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (
                "disk-full",
                "1001 bytes are needed in /here, and 1000 are free"
            )
        );
        let error = space.require(path, 1, 4).unwrap_err();
        assert!(
            error.message().starts_with("4 inodes are needed"),
            "{error}"
        );
        let unlimited = Space {
            inodes: None,
            ..space
        };
        unlimited.require(path, 1, u64::MAX).unwrap();
        Space::of(&std::env::temp_dir()).unwrap();
    }
}
