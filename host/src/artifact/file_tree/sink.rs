//! Where a run adds to its tree.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FileType, Stat};
use tokio::sync::mpsc;

use super::entry::{FileTreeEntry, UnreadFile};
use super::order::TreeOrder;
use super::state::{LateFailure, TreeState};
use crate::error::{Error, Result};

/// What is added: see [`FileTreeEntry`].
#[derive(Debug)]
pub struct NewEntry {
    /// In the tree.
    pub name: Vec<u8>,
    /// Where it lies.
    pub path: Vec<u8>,
    /// What stands there, opened with `O_PATH`.
    pub place: OwnedFd,
    /// What the system knows of it.
    pub facts: Stat,
    /// Where it points if it is a symbolic link.
    pub link: Option<Vec<u8>>,
    /// Extended attributes: names and values.
    pub attributes: Vec<(String, Vec<u8>)>,
}

/// What was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileTreeTotals {
    /// Of every kind.
    pub entries: u64,
    /// Regular files.
    pub files: u64,
    /// In these files.
    pub bytes: u64,
}

/// The module's end of a tree. Dropped before it was finished, there is no backup.
#[derive(Debug)]
pub struct FileTreeSink {
    /// Gone once it is finished.
    entries: Option<mpsc::Sender<FileTreeEntry>>,
    state: Arc<TreeState>,
    order: TreeOrder,
    totals: FileTreeTotals,
}

impl FileTreeSink {
    pub(super) fn new(entries: mpsc::Sender<FileTreeEntry>, state: Arc<TreeState>) -> Self {
        Self {
            entries: Some(entries),
            state,
            order: TreeOrder::default(),
            totals: FileTreeTotals::default(),
        }
    }

    /// Adds an entry; waits while the repository has enough to do. Fails for a name that is none, or out of
    /// order, and once the repository takes no more.
    pub async fn add(&mut self, new: NewEntry) -> Result<()> {
        let Some(entries) = &self.entries else {
            return Err(finished());
        };
        let kind = FileType::from_raw_mode(new.facts.st_mode);
        let is_known = matches!(
            kind,
            FileType::RegularFile | FileType::Directory | FileType::Symlink | FileType::Fifo
        );
        if !is_known {
            let path = new.path.escape_ascii();
            let message = format!("{path} is neither a file, a directory, a link nor a FIFO");
            return Err(Error::run("not-supported", message));
        }
        let attributes = new.attributes.iter();
        let attributes = attributes.map(|(name, value)| name.len() + value.len() * 4 / 3);
        let is_directory = kind == FileType::Directory;
        self.order.next(&new.name, is_directory, attributes.sum())?;
        let is_file = kind == FileType::RegularFile;
        let (place, path) = (new.place, new.path);
        let entry = FileTreeEntry {
            name: new.name,
            facts: new.facts,
            link: new.link,
            attributes: new.attributes,
            content: is_file.then(|| UnreadFile::new(place, path, self.state.clone())),
        };
        self.totals.entries += 1;
        if is_file {
            self.totals.files += 1;
            self.totals.bytes += entry.facts.st_size.cast_unsigned();
        }
        self.state.begin();
        tokio::select! {
            biased;
            error = self.state.stopped() => Err(error),
            sent = entries.send(entry) => match sent {
                Ok(()) => Ok(()),
                Err(_) => Err(self.state.stopped().await),
            },
        }
    }

    /// What was found since the last call.
    pub fn late_failures(&self) -> Vec<LateFailure> {
        self.state.take_late()
    }

    /// Ends the tree: waits until all of it was read.
    pub async fn finish(&mut self) -> Result<Vec<LateFailure>> {
        if self.entries.is_none() {
            return Err(finished());
        }
        if self.totals.entries == 0 {
            return Err(Error::run(
                "nothing-generated",
                "nothing was added to the tree",
            ));
        }
        self.entries = None;
        self.state.all_read().await?;
        Ok(self.state.take_late())
    }

    /// What was added; none if nothing was. Fails if something was, and the tree is not finished.
    pub fn totals(&self) -> Result<Option<FileTreeTotals>> {
        match (&self.entries, self.totals.entries) {
            (_, 0) => Ok(None),
            (None, _) => Ok(Some(self.totals)),
            (Some(_), _) => Err(Error::run(
                "tree-unfinished",
                "the module has added files to the tree and not finished it",
            )),
        }
    }
}

fn finished() -> Error {
    Error::run(
        "tree-finished",
        "the tree is finished: nothing is added to it",
    )
}
