//! The lock as a file: JSON, in an order that makes good diffs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entry::LockEntry;
use crate::error::{Error, Kind, Result};
use crate::modules::write_file::write_file;

/// What is accepted, and the file that says so.
#[derive(Debug, Clone)]
pub(super) struct ModuleLock {
    path: PathBuf,
    /// By the names of the configuration.
    pub modules: BTreeMap<String, LockEntry>,
}

/// The file's own form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    version: u32,
    modules: BTreeMap<String, LockEntry>,
}

/// Of the file's form.
const VERSION: u32 = 1;

impl ModuleLock {
    /// A lock that accepts nothing yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            modules: BTreeMap::new(),
        }
    }

    /// Its path: beside the configuration, where that really lies. One beside a link counts only if
    /// there is no other.
    pub(super) fn path_for(configuration: &Path) -> PathBuf {
        let beside = |path: &Path| path.with_file_name("modules.lock");
        let named = beside(configuration);
        let real = fs::canonicalize(configuration).map_or(named.clone(), |path| beside(&path));
        match is_there(&named) && !is_there(&real) {
            true => named,
            false => real,
        }
    }

    /// The file, if there is one. A link that leads nowhere is no missing lock: one was made.
    pub(super) fn read(path: PathBuf) -> Result<Option<Self>> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_there(&path) => {
                return Ok(None);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(leads_nowhere(&path));
            }
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let damaged = |why: String| {
            let message = format!("{} is not a lock of modules: {why}", path.display());
            Error::new(Kind::Config, "bad-lock", message).hint(
                "bring it back from version control, or remove it and accept the modules again: `sidecar module lock --accept`",
            )
        };
        let contents: LockFile =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if contents.version != VERSION {
            let version = contents.version;
            return Err(damaged(format!(
                "it has version {version}, and this sidecar knows {VERSION}"
            )));
        }
        Ok(Some(Self {
            path,
            modules: contents.modules,
        }))
    }

    /// Of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file.
    pub(super) fn write(&self) -> Result<()> {
        let contents = serde_json::json!({"version": VERSION, "modules": self.modules});
        write_file(&self.path, format!("{contents:#}\n").as_bytes())
    }
}

/// Whether something has this name, also a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    // What cannot be looked at may be there.
    !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn leads_nowhere(path: &Path) -> Error {
    let message = format!(
        "the lock cannot be read: {} is a link that leads nowhere",
        path.display()
    );
    Error::new(Kind::Config, "bad-lock", message).hint(
        "mount what it leads to, or remove it and accept the modules again: `sidecar module lock --accept`",
    )
}
