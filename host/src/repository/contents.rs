//! A backup as it comes out of a repository: its pieces one behind the other are the artifact; of a tree of files, a
//! tar of them.

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use futures_util::stream;
use rustic_core::repofile::Node;
use rustic_core::{IndexedFullStatus, LsOptions, Repository, RusticError, TreeId};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::backend::hex;
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::opened;
use super::tree::TreeArchive;
use crate::artifact::archive::Visit;
use crate::artifact::manifest::{Contents, InRepository};
use crate::error::{Error, Kind, Result};
use crate::store::{Reading, Store};

/// Bytes that are read at once.
const CHUNK_SIZE: u64 = 4 << 20;

/// The bytes of one backup. Clones share the repository's index.
#[derive(Clone)]
pub struct SnapshotContents(Arc<OpenSnapshot>);

struct OpenSnapshot {
    store: Store,
    gate: Arc<VerdictGate>,
    repository: Repository<IndexedFullStatus>,
    form: SnapshotForm,
    size: u64,
}

/// What lies in a snapshot.
enum SnapshotForm {
    /// An artifact, and where each of its pieces begins.
    Pieces(Vec<(u64, Node)>),
    /// Files as files, in a folder of a tree.
    Files(TreeId, String),
}

impl SnapshotForm {
    /// Bytes that come out of it, as far as that is known without reading.
    fn size(&self, artifact: &Contents) -> u64 {
        match self {
            Self::Pieces(pieces) => pieces
                .last()
                .map_or(0, |(start, node)| start + node.meta.size),
            Self::Files(..) => artifact.raw_size,
        }
    }
}

impl SnapshotContents {
    /// Opens a backup that lies `at` a place in the repository of `store`. Blocks: not for a thread of the
    /// event loop.
    pub fn open(
        store: &Store,
        driver: &Handle,
        artifact: &Contents,
        at: &InRepository,
    ) -> Result<Self> {
        let gate = Arc::new(VerdictGate::default());
        let repository = opened::open(store, driver, &gate, IndexView::Reading)?;
        if hex(*repository.config().id) != at.id {
            let message = format!(
                "the repository of store `{}` is another one than the backup was put into",
                store.name()
            );
            return Err(Error::new(Kind::Verification, "other-repository", message)
                .hint("find out who replaced it, and take another backup (`sidecar list`)"));
        }
        let (repository, tree, form) = guarded(store, &gate, || {
            let repository = repository.to_indexed()?;
            let snapshot = repository
                .get_snapshots(&[&at.snapshot])?
                .into_iter()
                .next();
            let Some(snapshot) = snapshot else {
                return Ok((repository, None, SnapshotForm::Pieces(Vec::new())));
            };
            let form = match &at.files {
                Some(_) => SnapshotForm::Files(snapshot.tree, at.path.clone()),
                None => SnapshotForm::Pieces(pieces(
                    &repository,
                    &repository.node_from_snapshot_and_path(&snapshot, &at.path)?,
                )?),
            };
            Ok((repository, Some(hex(*snapshot.tree)), form))
        })?;
        let size = form.size(artifact);
        if tree.as_ref() != Some(&at.tree) || size != artifact.raw_size {
            let message = format!(
                "the snapshot {} in store `{}` is not what was backed up",
                at.snapshot,
                store.name()
            );
            return Err(Error::new(Kind::Verification, "altered", message).hint(
                "do not restore it: take another backup (`sidecar list`), and find out what altered it",
            ));
        }
        Ok(Self(Arc::new(OpenSnapshot {
            store: store.clone(),
            gate,
            repository,
            form,
            size,
        })))
    }

    /// Calls `visit` for each entry of a tree of files, and reads none of them; returns false for anything else. Blocks:
    /// not for a thread of the event loop.
    pub fn entries(&self, visit: Visit<'_>) -> Result<bool> {
        let Some(tree) = self.0.tree() else {
            return Ok(false);
        };
        tree.entries(visit)?;
        Ok(true)
    }

    /// Reads a range, as far as the backup goes, on a thread of its own. What does not fit its digest in
    /// the repository is an error, or other bytes: the caller compares them.
    pub fn read(&self, range: Range<u64>) -> Result<Reading> {
        let end = range.end.min(self.0.size);
        let range = range.start.min(end)..end;
        let (sender, receiver) = mpsc::channel(1);
        let (snapshot, wanted) = (self.0.clone(), range.clone());
        let work = move || {
            if let Err(error) = snapshot.send(wanted, &sender) {
                // Who has dropped the other end does not want to know.
                let _ = sender.blocking_send(Err(error));
            }
        };
        let started = thread::Builder::new()
            .name("repository".to_owned())
            .spawn(work);
        started.map_err(|error| {
            let message = format!("cannot start the repository's thread: {error}");
            Error::run("no-thread", message)
        })?;
        let pieces = stream::unfold(receiver, |mut receiver| async {
            Some((receiver.recv().await?, receiver))
        });
        Ok(Reading::of(range.end - range.start, pieces))
    }
}

/// The files below `root`, in the order of their names, and where each begins.
fn pieces(
    repository: &Repository<IndexedFullStatus>,
    root: &Node,
) -> Result<Vec<(u64, Node)>, Box<RusticError>> {
    let mut pieces = Vec::new();
    let mut position = 0;
    for entry in repository.ls(root, &LsOptions::default())? {
        let (_, node) = entry?;
        if node.is_file() {
            let size = node.meta.size;
            pieces.push((position, node));
            position += size;
        }
    }
    Ok(pieces)
}

impl OpenSnapshot {
    /// Sends what lies in the range, until the receiver has gone.
    fn send(&self, range: Range<u64>, to: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
        match &self.form {
            SnapshotForm::Pieces(pieces) => self.send_pieces(pieces, range, to),
            SnapshotForm::Files(tree, root) => self.archive(*tree, root).send(range, self.size, to),
        }
    }

    fn tree(&self) -> Option<TreeArchive<'_>> {
        match &self.form {
            SnapshotForm::Pieces(_) => None,
            SnapshotForm::Files(tree, root) => Some(self.archive(*tree, root)),
        }
    }

    fn archive<'a>(&'a self, tree: TreeId, root: &'a str) -> TreeArchive<'a> {
        TreeArchive::new(&self.store, &self.gate, &self.repository, tree, root)
    }

    fn send_pieces(
        &self,
        pieces: &[(u64, Node)],
        range: Range<u64>,
        to: &mpsc::Sender<Result<Bytes>>,
    ) -> Result<()> {
        let first = pieces.partition_point(|(start, _)| *start <= range.start);
        for (start, node) in &pieces[first.saturating_sub(1)..] {
            if *start >= range.end {
                break;
            }
            let file = guarded(&self.store, &self.gate, || self.repository.open_file(node))?;
            let end = node.meta.size.min(range.end - start);
            let mut at = range.start.saturating_sub(*start);
            while at < end {
                let wanted = CHUNK_SIZE.min(end - at) as usize;
                let read = guarded(&self.store, &self.gate, || {
                    self.repository.read_file_at(&file, at as usize, wanted)
                })?;
                if read.len() != wanted {
                    return Err(short(&self.store, node));
                }
                at += wanted as u64;
                if to.blocking_send(Ok(read)).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn short(store: &Store, node: &Node) -> Error {
    let message = format!(
        "the repository of store `{}` has fewer bytes of the piece {} than it says",
        store.name(),
        node.name
    );
    Error::new(Kind::Verification, "altered", message)
        .hint("`restic check --read-data` says what is damaged; take another backup")
}
