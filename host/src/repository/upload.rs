//! A run into a repository, while it is at work.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustic_core::{BackupOptions, ParentOptions, SnapshotOptions};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::backend::hex;
use super::error::guarded;
use super::gate::VerdictGate;
use super::lock::LockFolder;
use super::opened::{self, Opened};
use super::pieces::{Pieces, abandoned};
use super::section_names;
use crate::artifact::SpoolReader;
use crate::artifact::manifest::InRepository;
use crate::error::{Error, Result};
use crate::store::Store;

/// On every snapshot of a sidecar.
pub(super) const TAG: &str = "sidecar";

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
    /// Bytes that were not there before, as they lie there.
    pub added: u64,
}

/// A run on its way into a repository. Dropped, it is abandoned, and there is no snapshot.
#[derive(Debug)]
pub struct SnapshotUpload {
    /// Says that the run has ended well, and how long the artifact is.
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
            let root = section_names::root(&label.strategy);
            let time = label.started_at;
            let pieces = Pieces::new(source, known, &driver, &guard, &root, time);
            let archived = opened::open_or_make(&store, &driver, &guard).and_then(|repository| {
                let locks = LockFolder {
                    store: store.clone(),
                    key: repository.key(),
                    is_sole_sidecar,
                };
                let lock = locks.wait(&driver, &guard)?;
                let archived = archive(repository, &store, &guard, &label, &root, &pieces);
                driver.block_on(lock.release());
                archived
            });
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

    /// The run has ended well, with an artifact of `size` bytes: waits until all of it is there.
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

fn archive(
    repository: Opened,
    store: &Store,
    gate: &VerdictGate,
    label: &SnapshotLabel,
    root: &str,
    pieces: &Pieces,
) -> Result<Archived> {
    let id = hex(*repository.config().id);
    let options = BackupOptions::default()
        .no_scan(true)
        // Streams have no state that would say that they are unchanged.
        .parent_opts(ParentOptions::default().force(true));
    let snapshot = guarded(store, gate, || {
        let repository = repository.to_indexed_ids()?;
        let mut snapshot = SnapshotOptions::default()
            .host(host())
            .time(label.started_at.to_zoned(TimeZone::UTC))
            .add_tags(TAG)?
            .add_tags(&format!("run:{}", label.id))?
            .to_snapshot()?;
        snapshot.program_version = format!("sidecar {}", env!("CARGO_PKG_VERSION"));
        repository.archive(&options, pieces, snapshot, &[PathBuf::from(root)])
    })?;
    Ok(Archived {
        added: snapshot
            .summary
            .as_ref()
            .map_or(0, |summary| summary.data_added_packed),
        at: InRepository {
            id,
            snapshot: hex(*snapshot.id),
            tree: hex(*snapshot.tree),
            path: root.to_owned(),
        },
    })
}

/// Restic groups snapshots by it.
fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
