//! What a module from elsewhere leaves beside the temporary dump is removed when its run ends: in a folder that is
//! the sidecar's own, and only what was not there before.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::paths::{Directories, Location};

/// The folder of one run; what the run has added is removed when this is dropped.
pub(in crate::service) struct TempFolder {
    folder: PathBuf,
    temp_dump: PathBuf,
    before: BTreeSet<PathBuf>,
}

impl TempFolder {
    /// None unless a module from elsewhere writes in a folder that the sidecar has made for it: one of several
    /// strategies has such a folder, a single one has what the operator named.
    pub(in crate::service) fn of(config: &Config) -> Option<Self> {
        let from_elsewhere = config.modules.contains_key(&config.strategy.name);
        if config.member.is_none() || !from_elsewhere {
            return None;
        }
        let folder = Directories::from(&config.paths).temp;
        Some(Self {
            before: entries(&folder).into_iter().collect(),
            temp_dump: config.paths.temp_dump.clone(),
            folder,
        })
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let real = Location::of(&self.folder);
        let mounts = real.mounts_below();
        for entry in entries(&self.folder) {
            // What is mounted there is the operator's.
            let named = real.path().join(entry.file_name().unwrap_or_default());
            let holds_mount = mounts.iter().any(|mount| mount.path().starts_with(&named));
            if entry == self.temp_dump || self.before.contains(&entry) || holds_mount {
                continue;
            }
            if let Err(error) = remove(&entry) {
                tracing::warn!(path = %entry.display(), %error, "what a module wrote is left behind");
            }
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}
