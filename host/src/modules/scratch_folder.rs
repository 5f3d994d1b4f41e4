//! A folder that is removed with everything in it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A new folder below the system's folder for temporary files, for this user alone.
#[derive(Debug)]
pub struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// `purpose` is the beginning of its name.
    pub fn make(purpose: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("{purpose}-{}", uuid::Uuid::now_v7()));
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Error::io("create", &folder, error))?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a scratch folder is left behind");
        }
    }
}
