//! Missed uploads: backups that a store does not have yet, stored here until it has.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::fs_atomic;

/// Bytes of a manifest, and of the names of some stores, indented.
const LARGEST_NOTE: u64 = 4 * Manifest::LARGEST as u64;

/// What lies beside the bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::service) struct MissedUpload {
    pub(in crate::service) manifest: Manifest,
    /// The stores that have missed it.
    pub(in crate::service) stores: Vec<String>,
}

impl MissedUpload {
    /// Writes down which stores have missed it.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        Ok(fs_atomic::write(
            &self.note(folder),
            &self.to_json()?,
            0o666,
        )?)
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|error| {
            Error::run(
                "internal",
                format!("cannot write down a missed upload: {error}"),
            )
        })
    }

    /// Every store has it, which is written down first: removes the bytes and the note. After a crash in
    /// between, this is simply done again.
    pub(super) fn remove(&self, folder: &Path) -> Result<()> {
        remove(&self.bytes(folder))?;
        remove(&self.note(folder))
    }

    /// The artifact.
    pub(super) fn bytes(&self, folder: &Path) -> PathBuf {
        folder.join(&self.manifest.id)
    }

    fn note(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.json", self.manifest.id))
    }
}

/// The ending of the note of a run that has not ended: see [`super::upload_journal`].
pub(super) const STAGED: &str = "new";

/// Where they lie.
pub(in crate::service) fn folder(state: &Path) -> PathBuf {
    state.join("pending")
}

/// What lies there.
pub(in crate::service) struct MissedUploads {
    /// Those that are written down whole, oldest first: ids sort by time.
    pub(in crate::service) whole: Vec<MissedUpload>,
    /// Bytes without a note: the sidecar was killed before it wrote one, or an earlier version of it
    /// after it had removed one.
    pub(super) without_note: Vec<PathBuf>,
    /// What stands in the way of the others.
    pub(super) damaged: Vec<Error>,
}

/// Reads every note. One that cannot be read keeps no other from being sent.
pub(in crate::service) fn read_all(folder: &Path) -> Result<MissedUploads> {
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("read", folder, error)),
    };
    files.sort();
    let mut found = MissedUploads {
        whole: Vec::new(),
        without_note: Vec::new(),
        damaged: Vec::new(),
    };
    let is_there = |path: &Path, ending| files.binary_search(&path.with_extension(ending)).is_ok();
    for path in &files {
        match path.extension().and_then(OsStr::to_str) {
            Some(STAGED) => {}
            Some("json") => match read(path) {
                Ok(upload) => found.whole.push(upload),
                Err(error) => found.damaged.push(error),
            },
            // The artifact of a note, unless that was never written.
            _ if is_there(path, "json") || is_there(path, STAGED) => {}
            _ => found.without_note.push(path.clone()),
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<MissedUpload> {
    let found = fs::metadata(path).map_err(|error| Error::io("read", path, error))?;
    if !found.is_file() || found.len() > LARGEST_NOTE {
        return Err(damaged(path, "it is no note"));
    }
    let text = fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let note: MissedUpload =
        serde_json::from_slice(&text).map_err(|error| damaged(path, &error.to_string()))?;
    match path.file_stem() == Some(note.manifest.id.as_ref()) {
        true => Ok(note),
        false => Err(damaged(path, "it is of another backup than its name says")),
    }
}

/// Removes a file, which may be gone.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

pub(super) fn damaged(path: &Path, reason: &str) -> Error {
    let message = format!(
        "the missed upload {} cannot be sent: {reason}",
        path.display()
    );
    Error::run("pending-damaged", message).hint(
        "the artifact lies beside it: put it into the store by hand, and remove both; all others are sent",
    )
}

#[cfg(test)]
#[path = "../tests/missed_upload_notes.rs"]
mod properties;
