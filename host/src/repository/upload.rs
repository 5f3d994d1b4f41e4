//! A run into a repository, while it is at work.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustic_core::repofile::SnapshotFile;
use rustic_core::{
    BackupOptions, ParentOptions, ReadSource, SnapshotGroupCriterion, SnapshotOptions, TreeId,
};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::backend::hex;
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::lock::LockFolder;
use super::opened::{self, Opened};
use super::pieces::{Pieces, abandoned};
use super::section_names;
use super::tree::{TreeArchive, TreeSource};
use crate::artifact::SpoolReader;
use crate::artifact::file_tree::{FileTreeEntries, FileTreeStream};
use crate::artifact::manifest::{FilesInTree, InRepository};
use crate::error::{Error, Result};
use crate::store::Store;

/// On every snapshot of a sidecar.
pub(super) const TAG: &str = "sidecar";
/// The label of those that have files as files: each is the parent of the next.
const FILES: &str = "files";

/// What a snapshot is called.
#[derive(Debug, Clone)]
pub struct SnapshotLabel {
    /// Of the run.
    pub id: String,
    /// The strategy's name.
    pub strategy: String,
    /// When the run began.
    pub started_at: Timestamp,
}

/// A run that lies whole in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// Where.
    pub at: InRepository,
    /// Bytes that come out of it.
    pub size: u64,
    /// Bytes that were not there before, as they lie there.
    pub added: u64,
}

/// A run on its way into a repository. Dropped, it is abandoned, and there is no snapshot.
#[derive(Debug)]
pub struct SnapshotUpload {
    /// Says that the run has ended well, and how long the artifact is, if it is one.
    total: watch::Sender<Option<u64>>,
    gate: Arc<VerdictGate>,
    archived: oneshot::Receiver<Result<Archived>>,
}

impl SnapshotUpload {
    /// Starts to archive what the run writes into `source`, on a thread of its own. The store's lock must
    /// be held; `is_sole_sidecar` says that it keeps other sidecars out.
    pub fn start(
        store: &Store,
        label: SnapshotLabel,
        source: SpoolReader,
        is_sole_sidecar: bool,
    ) -> Result<Self> {
        let (total, known) = watch::channel(None);
        let gate = Arc::new(VerdictGate::default());
        let (done, archived) = oneshot::channel();
        let (store, driver, guard) = (store.clone(), Handle::current(), gate.clone());
        let work = move || {
            let archiving = Archiving {
                store: &store,
                driver: &driver,
                gate: &guard,
                root: section_names::root(&label.strategy),
                label: &label,
                is_sole_sidecar,
            };
            let tree = source.tree().cloned();
            let _end = tree.as_ref().map(FileTreeStream::end);
            let archived = archiving.run(source, known);
            if let (Some(tree), Err(error)) = (&tree, &archived) {
                tree.stop(error.named("the repository"));
            }
            // Who has dropped the other end has abandoned it.
            let _ = done.send(archived);
        };
        let started = thread::Builder::new().name("repository".to_owned());
        started.spawn(work).map_err(|error| {
            let message = format!("cannot start the repository's thread: {error}");
            Error::run("no-thread", message)
        })?;
        Ok(Self {
            total,
            gate,
            archived,
        })
    }

    /// The run has ended well, with an artifact of `size` bytes, or with a tree of files: waits until all of it is
    /// there.
    pub async fn finish(&mut self, size: u64) -> Result<Archived> {
        self.gate.allow();
        self.total.send_replace(Some(size));
        ended((&mut self.archived).await)
    }

    /// The run failed, or was stopped: waits until nothing more is written. What it has written without a
    /// snapshot is removed by a later prune.
    pub async fn abandon(mut self) {
        self.gate.fail(abandoned());
        if let Err(error) = ended((&mut self.archived).await) {
            tracing::debug!(%error, "a run was not archived");
        }
    }
}

impl Drop for SnapshotUpload {
    fn drop(&mut self) {
        // After the good end this changes nothing.
        self.gate.fail(abandoned());
    }
}

fn ended(archived: Result<Result<Archived>, oneshot::error::RecvError>) -> Result<Archived> {
    archived.unwrap_or_else(|_| {
        Err(Error::run(
            "internal",
            "the repository's thread ended early",
        ))
    })
}

/// What a run turns out to make.
enum RunForm {
    Artifact,
    Files(FileTreeStream, FileTreeEntries),
}

/// Waits until the run has written something, or added a file to its tree.
fn form(
    source: &SpoolReader,
    known: &watch::Receiver<Option<u64>>,
    driver: &Handle,
    gate: &VerdictGate,
) -> RunForm {
    let Some(tree) = source.tree() else {
        return RunForm::Artifact;
    };
    let (mut written, mut known) = (source.clone(), known.clone());
    let begun = driver.block_on(async {
        tokio::select! {
            () = tree.begun() => true,
            Some(_) = written.beyond(0) => false,
            _ = known.wait_for(Option::is_some) => false,
            () = gate.failed() => false,
        }
    });
    if !begun {
        tree.give_up();
        return RunForm::Artifact;
    }
    match tree.take() {
        Some(entries) => RunForm::Files(tree.clone(), entries),
        None => RunForm::Artifact,
    }
}

/// What is archived, and where.
struct Archiving<'a> {
    store: &'a Store,
    driver: &'a Handle,
    gate: &'a Arc<VerdictGate>,
    label: &'a SnapshotLabel,
    /// Whether the store's lock keeps other sidecars out.
    is_sole_sidecar: bool,
    /// The folder in the snapshot.
    root: String,
}

impl Archiving<'_> {
    /// Under a lock from the beginning, so that nothing is deleted that the run counts on.
    fn run(&self, source: SpoolReader, known: watch::Receiver<Option<u64>>) -> Result<Archived> {
        let repository = opened::open_or_make(self.store, self.driver, self.gate)?;
        let locks = LockFolder {
            store: self.store.clone(),
            key: repository.key(),
            is_sole_sidecar: self.is_sole_sidecar,
        };
        let lock = locks.wait(self.driver, self.gate)?;
        let archived = match form(&source, &known, self.driver, self.gate) {
            RunForm::Artifact => self.pieces(repository, source, known),
            RunForm::Files(tree, entries) => self.files(repository, &tree, entries),
        };
        self.driver.block_on(lock.release());
        archived
    }

    /// Of an artifact: its pieces.
    fn pieces(
        &self,
        repository: Opened,
        source: SpoolReader,
        known: watch::Receiver<Option<u64>>,
    ) -> Result<Archived> {
        let time = self.label.started_at;
        let pieces = Pieces::new(
            source,
            known.clone(),
            self.driver,
            self.gate,
            &self.root,
            time,
        );
        // Streams have no state that would say that they are unchanged.
        let parent = ParentOptions::default().force(true);
        let archived = self.archive(repository, &pieces, parent, "")?;
        let size = known.borrow().unwrap_or_default();
        Ok(self.archived(&archived, None, size))
    }

    /// Of files: as files. What is as in the last snapshot of the same files is not opened.
    fn files(
        &self,
        repository: Opened,
        tree: &FileTreeStream,
        entries: FileTreeEntries,
    ) -> Result<Archived> {
        let source = TreeSource::new(entries, self.driver, self.gate, &self.root);
        let parent = ParentOptions::default()
            .group_by(SnapshotGroupCriterion::new().label(true).paths(true))
            // The library compares inodes only if it is told to ignore them.
            .ignore_inode(true);
        let archived = self.archive(repository, &source, parent, FILES)?;
        let summary = source.summary();
        let size = match tree.lost() {
            0 => summary.archive,
            // What could not be opened was counted, and is not there.
            _ => self.archive_size(archived.snapshot.tree)?,
        };
        Ok(self.archived(&archived, Some(summary.files), size))
    }

    fn archive<R>(
        &self,
        repository: Opened,
        source: &R,
        parent: ParentOptions,
        kind: &str,
    ) -> Result<NewSnapshot>
    where
        R: ReadSource<Open: Send, Iter: Send> + 'static,
    {
        let repository_id = hex(*repository.config().id);
        let options = BackupOptions::default().no_scan(true).parent_opts(parent);
        let snapshot = guarded(self.store, self.gate, || {
            let repository = repository.to_indexed_ids()?;
            let mut snapshot = SnapshotOptions::default()
                .host(host())
                .label(kind.to_owned())
                .time(self.label.started_at.to_zoned(TimeZone::UTC))
                .add_tags(TAG)?
                .add_tags(&format!("run:{}", self.label.id))?
                .to_snapshot()?;
            snapshot.program_version = format!("sidecar {}", env!("CARGO_PKG_VERSION"));
            repository.archive(&options, source, snapshot, &[PathBuf::from(&self.root)])
        })?;
        Ok(NewSnapshot {
            repository_id,
            snapshot,
        })
    }

    fn archive_size(&self, tree: TreeId) -> Result<u64> {
        let repository = opened::open(self.store, self.driver, self.gate, IndexView::Reading)?;
        let repository = guarded(self.store, self.gate, || repository.to_indexed())?;
        TreeArchive::new(self.store, self.gate, &repository, tree, &self.root).size()
    }

    fn archived(&self, new: &NewSnapshot, files: Option<FilesInTree>, size: u64) -> Archived {
        let snapshot = &new.snapshot;
        Archived {
            size,
            added: snapshot
                .summary
                .as_ref()
                .map_or(0, |summary| summary.data_added_packed),
            at: InRepository {
                id: new.repository_id.clone(),
                snapshot: hex(*snapshot.id),
                tree: hex(*snapshot.tree),
                path: self.root.clone(),
                files,
            },
        }
    }
}

/// A snapshot that was written.
struct NewSnapshot {
    repository_id: String,
    snapshot: SnapshotFile,
}

/// Restic groups snapshots by it.
fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
