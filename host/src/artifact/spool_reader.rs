//! Reading an artifact while it is being written.

use std::fs::File;
use std::sync::Arc;

use tokio::sync::watch;

use super::file_tree::FileTreeStream;
use super::part_borders::PartBorders;

/// The bytes of a spool so far. Whether they are all of a good artifact only the run can tell.
#[derive(Debug, Clone)]
pub struct SpoolReader {
    file: Arc<File>,
    /// Closed once the spool was published or given up.
    written: watch::Receiver<u64>,
    borders: PartBorders,
    tree: Option<FileTreeStream>,
}

impl SpoolReader {
    /// What a run appends to `file`, and counts in `written`.
    pub fn new(file: File, written: watch::Receiver<u64>) -> Self {
        Self {
            file: Arc::new(file),
            written,
            borders: PartBorders::default(),
            tree: None,
        }
    }

    /// The same with what is known of its parts.
    #[must_use]
    pub fn with_borders(self, borders: PartBorders) -> Self {
        Self { borders, ..self }
    }

    /// The same of a run that may make a tree of files instead.
    #[must_use]
    pub fn with_tree(self, tree: Option<FileTreeStream>) -> Self {
        Self { tree, ..self }
    }

    /// The tree that the run may make instead.
    pub fn tree(&self) -> Option<&FileTreeStream> {
        self.tree.as_ref()
    }

    /// Where its parts begin and end, before compression.
    pub fn borders(&self) -> &PartBorders {
        &self.borders
    }

    /// A file that is complete.
    pub fn whole(file: File, size: u64) -> Self {
        Self::new(file, watch::channel(size).1)
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        *self.written.borrow()
    }

    /// Waits until there are more than `position` bytes, and says how many. None when it has come
    /// to its end, good or bad, without.
    pub async fn beyond(&mut self, position: u64) -> Option<u64> {
        // An error says that the writer is gone; the last value counts all the same.
        let _ = self.written.wait_for(|written| *written > position).await;
        let written = *self.written.borrow();
        (written > position).then_some(written)
    }

    /// The file, for reading at positions below [`SpoolReader::written`].
    pub fn file(&self) -> Arc<File> {
        self.file.clone()
    }
}
