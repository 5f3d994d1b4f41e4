//! Where the commands of a module from elsewhere start: an empty folder that the module cannot write.
//! In one that it can, a link, a script or a configuration of its own would act for it. Beside it lie their `HOME`
//! and their `TMPDIR`: the kernel lets them write nowhere else.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// How such folders are called.
const PREFIX: &str = "commands-";
/// What is in one, and the variable that names it.
const START: &str = "work";
const VARIABLES: [(&str, &str); 2] = [("HOME", "home"), ("TMPDIR", "tmp")];

/// A folder with an empty one to start in, until it is dropped.
#[derive(Debug)]
pub struct CommandFolder(PathBuf);

impl CommandFolder {
    /// Makes one for a run, in a folder that only the host writes.
    pub fn make(parent: &Path, run: &str) -> Result<Self> {
        let folder = parent.join(format!("{PREFIX}{run}"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .and_then(|()| DirBuilder::new().mode(0o700).create(&folder))
            .map_err(|error| Error::io("create", &folder, error))?;
        let made = Self(folder);
        for name in VARIABLES.map(|(_, name)| name).into_iter().chain([START]) {
            let inside = made.0.join(name);
            DirBuilder::new()
                .mode(0o700)
                .create(&inside)
                .map_err(|error| Error::io("create", &inside, error))?;
        }
        Ok(made)
    }

    /// Removes those that killed processes have left.
    pub fn remove_leftovers(parent: &Path) {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                remove(&entry.path());
            }
        }
    }

    /// All of it.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where commands start.
    pub fn start(&self) -> PathBuf {
        self.0.join(START)
    }

    /// The variables that name the other folders in it.
    pub(super) fn variables(&self) -> [(&'static str, PathBuf); 2] {
        VARIABLES.map(|(variable, name)| (variable, self.0.join(name)))
    }
}

impl Drop for CommandFolder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), %error, "a folder of commands is left behind");
    }
}
