//! Missed uploads: backups that a store does not have yet, stored here until it has.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::history::RunArtifact;

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
    /// Gives the artifact a second name, which the next run does not replace. Returns the first one.
    pub(in crate::service) fn add(
        state: &Path,
        artifact: &RunArtifact,
        manifest: &Manifest,
        stores: Vec<String>,
    ) -> Result<PathBuf> {
        let folder = folder(state);
        fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, error))?;
        let missed = Self {
            manifest: manifest.clone(),
            stores,
        };
        let bytes = missed.bytes(&folder);
        fs::hard_link(&artifact.path, &bytes).map_err(|error| Error::io("link", &bytes, error))?;
        missed.write(&folder)?;
        Ok(artifact.path.clone())
    }

    /// Writes down which stores have missed it.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = self.note(folder);
        let text = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::run(
                "internal",
                format!("cannot write down a missed upload: {error}"),
            )
        })?;
        Ok(fs_atomic::write(&path, &text, 0o666)?)
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
    for path in &files {
        let is_note = path.extension().is_some_and(|ending| ending == "json");
        let read = match is_note {
            true => read(path),
            // The artifact of a note, unless that was never written.
            false if files.binary_search(&path.with_extension("json")).is_ok() => continue,
            false => {
                found.without_note.push(path.clone());
                continue;
            }
        };
        match read {
            Ok(upload) => found.whole.push(upload),
            Err(error) => found.damaged.push(error),
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
