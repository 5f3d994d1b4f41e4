//! The folders of a run, made ready before anything starts.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::config::Paths;
use crate::error::{Error, Result};
use crate::sandbox::Directories;

/// A check of readiness that failed: its name may be told to anybody, its error may not.
pub struct Unready {
    /// The key below `paths`.
    pub check: &'static str,
    /// For the log.
    pub error: Error,
}

/// Creates what is missing and sees that all of it can be written.
pub(super) fn folders(paths: &Paths) -> Result<PathBuf> {
    ready(paths).map_err(|unready| unready.error)?;
    Ok(state_folder(paths))
}

/// The same, by name.
pub(super) fn ready(paths: &Paths) -> Result<(), Unready> {
    let directories = Directories::from(paths);
    for (check, folder, mode) in [
        ("workdir", &directories.workdir, 0o755),
        ("temp_dump", &directories.temp, 0o755),
        ("artifacts", &directories.artifacts, 0o700),
        ("artifacts", &state_folder(paths), 0o700),
    ] {
        usable(folder, mode).map_err(|error| Unready { check, error })?;
    }
    Ok(())
}

/// Where the sidecar keeps its lock, its journal and unfinished artifacts: on the same file system
/// as the artifacts, so that publishing is one rename.
pub(super) fn state_folder(paths: &Paths) -> PathBuf {
    paths.artifacts.join(".sidecar")
}

fn usable(folder: &Path, mode: u32) -> Result<()> {
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(folder)
            .map_err(|error| Error::io("create", folder, error))?;
    }
    let facts = fs::metadata(folder).map_err(|error| Error::io("inspect", folder, error))?;
    if !facts.is_dir() {
        return Err(Error::run(
            "not-a-directory",
            format!("{} is not a directory", folder.display()),
        )
        .hint("correct it under paths, or move the file away"));
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| Error::io("write to", folder, error.into()))
}
