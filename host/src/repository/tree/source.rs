//! The entries of a run as `rustic_core` archives them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use rustic_core::{ReadSource, ReadSourceEntry, RusticResult};
use tokio::runtime::Handle;

use super::members::{END, Members};
use super::node::node;
use super::owners::Owners;
use super::reader::TreeFile;
use crate::artifact::file_tree::{FileTreeEntries, FileTreeEntry};
use crate::artifact::manifest::FilesInTree;
use crate::repository::gate::VerdictGate;

/// What is known of a tree after all of it was handed out.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::repository) struct TreeSummary {
    pub(in crate::repository) files: FilesInTree,
    /// Bytes of a tar of it, if no file was lost.
    pub(in crate::repository) archive: u64,
}

/// What `rustic_core` archives. It asks for an entry before it has read the last one, and reads several at once.
pub(in crate::repository) struct TreeSource {
    entries: Mutex<Option<TreeIterator>>,
    summary: Arc<Mutex<TreeSummary>>,
    opened: Arc<AtomicU64>,
}

/// Hands out the entries in order.
pub(in crate::repository) struct TreeIterator {
    entries: FileTreeEntries,
    driver: Handle,
    gate: Arc<VerdictGate>,
    /// The folder of all.
    root: PathBuf,
    owners: Owners,
    members: Members,
    summary: Arc<Mutex<TreeSummary>>,
    opened: Arc<AtomicU64>,
}

impl TreeSource {
    /// Those of a run, below the folder `root` of the snapshot.
    pub(in crate::repository) fn new(
        entries: FileTreeEntries,
        driver: &Handle,
        gate: &Arc<VerdictGate>,
        root: &str,
    ) -> Self {
        let (summary, opened) = (Arc::default(), Arc::default());
        let iterator = TreeIterator {
            entries,
            driver: driver.clone(),
            gate: gate.clone(),
            root: root.into(),
            owners: Owners::of_this_system(),
            members: Members::default(),
            summary: Arc::clone(&summary),
            opened: Arc::clone(&opened),
        };
        Self {
            entries: Mutex::new(Some(iterator)),
            summary,
            opened,
        }
    }

    /// What was handed out, after all of it was archived.
    pub(in crate::repository) fn summary(&self) -> TreeSummary {
        let TreeSummary { mut files, archive } = *self.summary.lock();
        files.unchanged = files.count.saturating_sub(self.opened.load(Relaxed));
        TreeSummary {
            archive: archive + END,
            files,
        }
    }
}

impl ReadSource for TreeSource {
    type Open = TreeFile;
    type Iter = std::iter::Flatten<std::option::IntoIter<TreeIterator>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    /// They can be had once.
    fn entries(&self) -> Self::Iter {
        self.entries.lock().take().into_iter().flatten()
    }
}

impl Iterator for TreeIterator {
    type Item = RusticResult<ReadSourceEntry<TreeFile>>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.driver.block_on(async {
            tokio::select! {
                entry = self.entries.next() => entry,
                () = self.gate.failed() => None,
            }
        })?;
        Some(Ok(self.entry(entry)))
    }
}

impl TreeIterator {
    fn entry(&mut self, entry: FileTreeEntry) -> ReadSourceEntry<TreeFile> {
        let name = Path::new(OsStr::from_bytes(&entry.name));
        let path = match entry.name.as_slice() {
            b"." => self.root.clone(),
            _ => self.root.join(name),
        };
        let node = node(&entry, path.file_name().unwrap_or_default(), &self.owners);
        let mut summary = self.summary.lock();
        summary.files.entries += 1;
        if entry.content.is_some() {
            summary.files.count += 1;
            summary.files.bytes += node.meta.size;
        }
        let member = self.members.of(&entry.name, &node);
        summary.archive += member.map_or(0, |member| member.size());
        let facts = entry.facts;
        let open = entry.content.map(|unread| TreeFile {
            unread,
            facts,
            gate: self.gate.clone(),
            opened: self.opened.clone(),
        });
        ReadSourceEntry { path, node, open }
    }
}
