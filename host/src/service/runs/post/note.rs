//! The note that `post` is owed, `<artifacts>/.sidecar/owed.json`: it is there from before the first command
//! of a run until the last line of `post` has ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fs_atomic;

/// What a run owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PostNote {
    /// The run's id.
    pub(super) run: String,
    /// When its first command started.
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drive_folder_id: Option<String>,
    /// The lines that have not ended yet, in their order.
    pub(super) post: Vec<String>,
}

impl PostNote {
    /// Writes it, or removes it when nothing is owed any more.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = path(folder);
        if self.post.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Error::io("remove", &path, error))
                }
                _ => Ok(fs_atomic::sync_folder(folder)?),
            };
        }
        let text = serde_json::to_vec_pretty(self).expect("a note is plain JSON");
        Ok(fs_atomic::write(&path, &text, 0o600)?)
    }

    /// The note of a run that was killed. A damaged one is moved aside, and said aloud.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let path = path(folder);
        let text = fs::read(&path).ok()?;
        match serde_json::from_slice(&text) {
            Ok(note) => Some(note),
            Err(error) => {
                let aside = path.with_extension("damaged");
                tracing::error!(path = %aside.display(), %error, "the note of what a killed run owes is damaged: look whether its post must be run by hand");
                // If that fails too, it is said again at the next start.
                let _ = fs_atomic::rename(&path, &aside);
                None
            }
        }
    }
}

/// Where it lies.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("owed.json")
}
