//! The lock as a file: JSON, in an order that makes good diffs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::error::{Error, Kind, Result};
use crate::supply::component::publish;

/// What is accepted, and where that is written.
#[derive(Debug, Clone)]
pub struct Lock {
    path: PathBuf,
    /// By the names of the configuration.
    pub modules: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    modules: BTreeMap<String, Entry>,
}

/// Of the file.
const VERSION: u32 = 1;

impl Lock {
    /// Nothing is accepted yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            modules: BTreeMap::new(),
        }
    }

    /// Beside the configuration.
    pub fn place(configuration: &Path) -> PathBuf {
        configuration.with_file_name("modules.lock")
    }

    /// The file, if there is one.
    pub fn read(path: PathBuf) -> Result<Option<Self>> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let damaged = |why: String| {
            let message = format!("{} is not a lock of modules: {why}", path.display());
            Error::new(Kind::Config, "bad-lock", message).hint(
                "bring it back from version control, or remove it and accept the modules again: `sidecar module lock --accept`",
            )
        };
        let contents: Contents =
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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file.
    pub fn write(&self) -> Result<()> {
        let contents = serde_json::json!({"version": VERSION, "modules": self.modules});
        publish(&self.path, format!("{contents:#}\n").as_bytes())
    }
}
