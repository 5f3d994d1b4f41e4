//! What was fetched of a backup, in a file.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file of this process alone: it has no name, and ends with the process.
pub(super) struct FetchSpool {
    pub(super) file: File,
    folder: PathBuf,
}

impl FetchSpool {
    /// An empty one for the run `id`.
    pub(super) fn create(folder: &Path, id: &str) -> Result<Self> {
        let path = folder.join(id).with_extension("partial");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        Ok(Self {
            file,
            folder: folder.to_owned(),
        })
    }

    /// Writes `bytes` at that offset.
    pub(super) fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        let written = self.file.write_all_at(bytes, at);
        written.map_err(|error| Error::io("write below", &self.folder, error))
    }
}
