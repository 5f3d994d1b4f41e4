//! The folders of a run, made ready before anything starts.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::config::Paths;
use crate::error::{Error, Result};
use crate::paths::Directories;

/// A check of readiness that failed: its name may be shown to any client, its error may not.
pub struct Unready {
    /// The key below `paths`.
    pub check: &'static str,
    /// For the log.
    pub error: Error,
}

/// Creates what is missing and tests that all of it can be written. Returns the state folder.
pub(super) fn prepare(paths: &Paths) -> Result<PathBuf> {
    ready(paths).map_err(|unready| unready.error)?;
    Ok(state_folder(paths))
}

/// The same; a failure names the key of the folder.
pub(super) fn ready(paths: &Paths) -> Result<(), Unready> {
    let directories = Directories::from(paths);
    for (check, folder, mode) in [
        ("workdir", &directories.workdir, 0o755),
        ("temp_dump", &directories.temp, 0o755),
        ("artifacts", &paths.root, 0o700),
        ("artifacts", &directories.artifacts, 0o700),
        ("artifacts", &state_folder(paths), 0o700),
    ] {
        usable(folder, mode).map_err(|error| Unready { check, error })?;
    }
    Ok(())
}

/// Where unfinished artifacts and what belongs to them are kept: on the same file system as the artifacts, so
/// that publishing is one rename.
pub(super) fn state_folder(paths: &Paths) -> PathBuf {
    paths.artifacts.join(PRIVATE)
}

/// Where the lock and the journal lie, which all strategies of a sidecar share; of a single one the same folder.
pub(super) fn shared_folder(paths: &Paths) -> PathBuf {
    paths.root.join(PRIVATE)
}

/// The folder beside artifacts that is the sidecar's own.
const PRIVATE: &str = ".sidecar";

/// Where a restore into a directory says what it changes.
pub(super) fn restores(state: &Path) -> PathBuf {
    state.join("restores")
}

/// Makes a folder of the sidecar's own, and tests that it can be written.
pub(super) fn make_private(folder: &Path) -> Result<()> {
    usable(folder, 0o700)
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
