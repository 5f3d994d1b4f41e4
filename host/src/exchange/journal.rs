//! What a restore is about to change, on disk before it changes it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::base;
use super::directory_facts::DirectoryFacts;
use super::raw_path::RawPath;
use super::sighting::{EntryId, Time};
use crate::error::{Error, Result};
use crate::fs_atomic;

/// How far it is. What is on disk decides what the next run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ExchangeProgress {
    /// Files are added one by one, and none is replaced.
    Adding,
    /// The tree is being built beside what is there.
    Building,
    /// Names are being exchanged: the new tree is complete.
    Exchanging,
    /// They are being exchanged back.
    Undoing,
    /// All have their place; what was replaced is being removed.
    Done,
}

/// A restore into a directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) progress: ExchangeProgress,
    /// The id in the names of what it makes.
    pub(super) id: String,
    /// The directory, without links.
    pub(super) target: RawPath,
    pub(super) areas: Vec<AreaRecord>,
    pub(super) steps: Vec<StepRecord>,
    pub(super) directories: Vec<DirectoryRecord>,
}

/// A folder that a tree is built in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AreaRecord {
    /// Where it lies.
    pub(super) holder: RawPath,
    /// What that was before; none if it cannot be listed.
    pub(super) before: Option<DirectoryFacts>,
    /// The directory below the target whose entries are built in it.
    pub(super) base: RawPath,
}

/// An entry that gets its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StepRecord {
    pub(super) area: usize,
    /// Below the target; empty for the target itself.
    pub(super) name: RawPath,
    /// Of the new one.
    pub(super) inode: u64,
    /// When that was made; journals of earlier versions do not tell, nor do some file systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<Time>,
    pub(super) directory: bool,
    /// Whether something was there before.
    pub(super) exchange: bool,
}

impl StepRecord {
    /// Whether an entry is the new one.
    pub(super) fn is(&self, found: EntryId) -> bool {
        found.inode == self.inode && (self.made.is_none() || found.made == self.made)
    }
}

/// A directory that stays, and what it is before and after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DirectoryRecord {
    /// Absolute.
    pub(super) path: RawPath,
    pub(super) before: DirectoryFacts,
    pub(super) after: DirectoryFacts,
}

impl Record {
    pub(super) fn new(id: &str, target: &Path, progress: ExchangeProgress) -> Self {
        Self {
            progress,
            id: id.to_owned(),
            target: target.into(),
            areas: Vec::new(),
            steps: Vec::new(),
            directories: Vec::new(),
        }
    }

    /// Writes it into the folder of journals, and waits for the disk.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::run("internal", format!("a journal has no text: {error}")))?;
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
        fs_atomic::write(&self.file(folder), &text, 0o600).map_err(Error::from)
    }

    /// There is nothing to be done any more.
    pub(super) fn remove(&self, folder: &Path) {
        base::remove(folder, &self.id);
        let file = self.file(folder);
        if let Err(error) = fs::remove_file(&file) {
            tracing::warn!(path = %file.display(), %error, "cannot remove the journal of a restore");
        }
    }

    pub(super) fn file(&self, folder: &Path) -> PathBuf {
        folder.join(&self.id).with_extension("json")
    }
}

/// A restore that adds files one by one, as the next run has to know it.
pub(crate) struct Adding {
    record: Record,
    folder: PathBuf,
}

impl Adding {
    pub(crate) fn begin(folder: &Path, id: &str, target: &Path) -> Result<Self> {
        let record = Record::new(id, target, ExchangeProgress::Adding);
        record.write(folder)?;
        Ok(Self {
            record,
            folder: folder.to_owned(),
        })
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        self.record.remove(&self.folder);
    }
}
