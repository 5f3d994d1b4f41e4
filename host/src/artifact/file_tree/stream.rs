//! Where the repository takes the entries of a tree.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::entry::FileTreeEntry;
use super::state::{self, TreeState};
use crate::error::Error;

/// The tree of a run that may make one. Clones are the same: one of them takes the entries.
#[derive(Debug, Clone)]
pub struct FileTreeStream {
    entries: Arc<Mutex<Option<mpsc::Receiver<FileTreeEntry>>>>,
    state: Arc<TreeState>,
}

/// The entries of a tree, in order. Who takes them says how it ended: by the last one, or by `FileTreeStream::stop`.
#[derive(Debug)]
pub struct FileTreeEntries {
    entries: mpsc::Receiver<FileTreeEntry>,
    state: Arc<TreeState>,
}

/// The end of the thread that takes a tree, whatever ends it.
#[derive(Debug)]
pub struct FileTreeEnd(FileTreeStream);

impl FileTreeStream {
    pub(super) fn new(entries: mpsc::Receiver<FileTreeEntry>, state: Arc<TreeState>) -> Self {
        Self {
            entries: Arc::new(Mutex::new(Some(entries))),
            state,
        }
    }

    /// Waits until something is added; for ever if nothing is.
    pub async fn begun(&self) {
        self.state.begun().await;
    }

    /// The entries; none if they were taken.
    pub fn take(&self) -> Option<FileTreeEntries> {
        let entries = self.entries.lock().take()?;
        let state = self.state.clone();
        Some(FileTreeEntries { entries, state })
    }

    /// From now on it takes no more, for this reason.
    pub fn stop(&self, cause: Error) {
        self.state.stop(cause);
    }

    /// The same without a reason, unless one is known, or all was taken.
    pub fn give_up(&self) {
        if !self.state.is_drained() {
            self.state.stop(state::stopped());
        }
    }

    /// Gives it up when it is dropped.
    pub fn end(&self) -> FileTreeEnd {
        FileTreeEnd(self.clone())
    }

    /// How many files could not be opened, and are not in the backup.
    pub fn lost(&self) -> u64 {
        self.state.lost()
    }
}

impl FileTreeEntries {
    /// The next one; none once the tree is finished, or given up.
    pub async fn next(&mut self) -> Option<FileTreeEntry> {
        let next = self.entries.recv().await;
        if next.is_none() {
            self.state.drain();
        }
        next
    }
}

impl Drop for FileTreeEnd {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
