//! One run at a time, in all processes that share the artifacts folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Service, prepare};
use crate::artifact::remove_leftovers;
use crate::error::{Error, Kind, Result};

/// The right to run now. The system ends it when its holder dies.
#[derive(Debug)]
pub(super) struct Turn {
    /// The state folder.
    pub(super) folder: PathBuf,
    #[allow(dead_code, reason = "holding it open is holding the lock")]
    lock: File,
}

impl Service {
    /// Makes the folders ready, takes the lock, and tidies up after those who died with it.
    pub(super) fn turn(&self) -> Result<Turn> {
        let paths = &self.config().paths;
        let folder = prepare::folders(paths)?;
        let lock = lock(&folder.join("lock"))?;
        self.history().mend();
        self.history().catch_up();
        self.finish_published(&folder);
        remove_leftovers(&folder)?;
        self.history().interrupt_unfinished();
        self.remove_expired();
        Ok(Turn { folder, lock })
    }
}

fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("open", path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(Kind::Busy, "busy", "another run is in progress")
                .hint("wait for it to end, or cancel it"))
        }
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
    }
}
