//! The scratch directory of a drill.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fs_atomic;

/// Made in the configured directory, with an id of the drill, and removed again: nothing else there is touched.
const FOLDER: &str = "sidecar_drill_";
/// Names, in the state folder, the folder of the drill in progress.
const NOTE: &str = "drill.json";

/// A folder of the sidecar's own below the configured directory.
pub(super) struct Scratch {
    folder: PathBuf,
    note: PathBuf,
}

/// The folder that a drill has made: which one, and not only where.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    folder: PathBuf,
    device: u64,
    inode: u64,
}

/// What stands for the folder of any drill: none has this id.
pub(in crate::service) fn scratch_folder(directory: &Path) -> PathBuf {
    directory.join(format!("{FOLDER}id"))
}

impl Scratch {
    /// Also removes what an earlier drill left that was killed, if it is that folder still. Fails if there is
    /// something of the name already.
    pub(super) fn make(directory: &Path, id: &str, state_folder: &Path) -> Result<Self> {
        let scratch = Self {
            folder: directory.join(format!("{FOLDER}{id}")),
            note: state_folder.join(NOTE),
        };
        scratch.remove_earlier();
        let create = |path: &Path, error| Error::io("create", path, error);
        fs::create_dir_all(directory).map_err(|error| create(directory, error))?;
        fs::create_dir(&scratch.folder).map_err(|error| create(&scratch.folder, error))?;
        let made = fs::metadata(&scratch.folder)
            .map_err(|error| Error::io("inspect", &scratch.folder, error))?;
        let made = Made {
            folder: scratch.folder.clone(),
            device: made.dev(),
            inode: made.ino(),
        };
        let text = serde_json::to_string(&made).expect("a path and two numbers are plain JSON");
        fs_atomic::write(&scratch.note, text.as_bytes(), 0o600)?;
        Ok(scratch)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    fn remove_earlier(&self) {
        let earlier = fs::read_to_string(&self.note)
            .ok()
            .and_then(|text| serde_json::from_str::<Made>(&text).ok());
        if let Some(made) = earlier {
            made.remove();
        }
    }
}

impl Made {
    /// Unless something else has its name now.
    fn remove(&self) {
        let is_it = fs::symlink_metadata(&self.folder).is_ok_and(|found| {
            found.is_dir() && (found.dev(), found.ino()) == (self.device, self.inode)
        });
        if is_it && let Err(error) = fs::remove_dir_all(&self.folder) {
            let error = Error::io("remove", &self.folder, error);
            tracing::warn!(
                hint = error.hint_text(),
                "the drill leaves something behind: {error}"
            );
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove_earlier();
        // A note about a folder that is gone is harmless.
        let _ = fs::remove_file(&self.note);
    }
}
