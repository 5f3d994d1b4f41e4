//! Against a folder: what goes in comes out, and what fails leaves no snapshot.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use super::index_view::IndexView;
use super::upload::{Archived, SnapshotLabel, SnapshotUpload};
use super::{SnapshotChoice, SnapshotContents, opened, prune};
use crate::artifact::manifest::{Contents, InRepository, Sha256};
use crate::artifact::{Part, PartBorders, SpoolReader};
use crate::config::{Codec, Layout, Place, RepositorySpec, Secret, StoreSpec};
use crate::digest::Digest;
use crate::error::Result;
use crate::store::{RetryPolicy, Store};

/// Nothing here takes longer, unless it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(super) fn store(path: &Path) -> Store {
    let repository = RepositorySpec {
        password: Secret::new("a password"),
        recipients: Vec::new(),
        pack_size: 8 << 20,
        level: 3,
        verify_share: 25,
        prune_cron: "0 4 * * 6".to_owned(),
        max_unused: 0,
        keep_deleted: Duration::ZERO,
    };
    let spec = StoreSpec {
        name: "local".to_owned(),
        prefix: String::new(),
        root: String::new(),
        strategy: None,
        owner: None,
        place: Place::Fs {
            path: path.to_owned(),
        },
        layout: Layout::Repository(Box::new(repository)),
    };
    Store::open(&spec, RetryPolicy::CHECK).unwrap()
}

/// A folder store, an event loop, and the file that a run writes.
struct RepositorySetup {
    folder: tempfile::TempDir,
    runtime: Runtime,
    store: Store,
    spool: File,
    written: watch::Sender<u64>,
    borders: PartBorders,
}

impl RepositorySetup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        std::fs::create_dir(&path).unwrap();
        Self {
            runtime: Runtime::new().unwrap(),
            store: store(&path),
            spool: File::create(folder.path().join("spool")).unwrap(),
            written: watch::Sender::new(0),
            borders: PartBorders::default(),
            folder,
        }
    }

    /// The run writes.
    fn write(&mut self, bytes: &[u8]) {
        self.spool.write_all(bytes).unwrap();
        self.says(bytes.len() as u64);
    }

    /// The run says that it has written.
    fn says(&self, more: u64) {
        self.written.send_modify(|written| *written += more);
    }

    fn start(&self) -> SnapshotUpload {
        let file = File::open(self.folder.path().join("spool")).unwrap();
        let source = SpoolReader::new(file, self.written.subscribe());
        let label = SnapshotLabel {
            id: "01".to_owned(),
            strategy: "database_dump".to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
        };
        let _within = self.runtime.enter();
        let source = source.with_borders(self.borders.clone());
        SnapshotUpload::start(&self.store, label, source, false).unwrap()
    }

    fn finish(&self, upload: &mut SnapshotUpload, size: u64) -> Result<Archived> {
        let finished = async { timeout(TIME_LIMIT, upload.finish(size)).await };
        let finished = self.runtime.block_on(finished);
        finished.expect("it does not hang")
    }

    fn snapshots(&self) -> usize {
        let listed = self
            .runtime
            .block_on(self.store.list("repository/snapshots/"));
        listed.unwrap().len()
    }

    /// How many objects with bytes there are.
    fn packs(&self) -> usize {
        let folder = self.folder.path().join("store/repository/data");
        let folders = std::fs::read_dir(folder).unwrap().flatten();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap());
        files.count()
    }

    /// Reads a range of what was archived.
    fn read(&self, at: &InRepository, bytes: &[u8], range: std::ops::Range<u64>) -> Vec<u8> {
        let contents = contents(bytes);
        let driver: Handle = self.runtime.handle().clone();
        let open = SnapshotContents::open(&self.store, &driver, &contents, at).unwrap();
        self.runtime.block_on(async {
            let mut reading = open.read(range).unwrap();
            let mut read = Vec::new();
            while let Some(piece) = reading.next().await.unwrap() {
                read.extend_from_slice(&piece);
            }
            assert_eq!(read.len() as u64, reading.length());
            read
        })
    }
}

pub(super) fn contents(bytes: &[u8]) -> Contents {
    let digest: Sha256 = Digest::of_bytes(bytes).into();
    Contents {
        filename: "backup.dump".to_owned(),
        format: "binary".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        size: bytes.len() as u64,
        sha256: digest.clone(),
        raw_size: bytes.len() as u64,
        raw_sha256: digest,
        compression: Codec::None,
        encryption: None,
        repository: None,
    }
}

/// Bytes that look like chance.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn what_a_run_writes_piece_by_piece_comes_out_as_it_was() {
    let mut setup = RepositorySetup::new();
    let bytes = noise(9 << 20, 1);
    let mut upload = setup.start();
    // Parts of all sizes, one after the other: the library asks for the next before it reads the last.
    let parts = [
        ("app1", 0, 3 << 20),
        ("empty", 3 << 20, 0),
        ("app2", 3 << 20, 5 << 20),
    ];
    let mut at = 0;
    for (name, offset, length) in parts {
        assert_eq!(at, offset);
        setup.borders.add(offset as u64, Some(name.to_owned()));
        setup.write(&bytes[offset..offset + length]);
        at += length;
        setup.borders.add(at as u64, None);
    }
    setup.write(&bytes[at..]);
    let size = bytes.len() as u64;
    let archived = setup.finish(&mut upload, size).unwrap();
    assert_eq!(archived.at.path, "/database_dump");
    assert!(archived.added > size / 2, "{archived:?}");
    assert_eq!(setup.snapshots(), 1);
    for range in [
        0..u64::MAX,
        0..1,
        (3 << 20) - 5..(3 << 20) + 5,
        7 << 20..size,
        size..size,
    ] {
        let end = range.end.min(size) as usize;
        let read = setup.read(&archived.at, &bytes, range.clone());
        assert!(read == bytes[range.start as usize..end], "{range:?}");
    }

    // The same once more, known from its manifest: nothing is added but a snapshot and its trees.
    let known: Vec<Part> = parts
        .iter()
        .map(|(name, offset, length)| Part {
            name: (*name).to_owned(),
            offset: *offset as u64,
            length: *length as u64,
            sha256: None,
        })
        .collect();
    setup.borders = PartBorders::of(&known);
    let again = setup.finish(&mut setup.start(), size).unwrap();
    assert!(again.added < 10_000, "{again:?}");
    assert_ne!(again.at.snapshot, archived.at.snapshot);

    // Of two snapshots, one is still named: its bytes stay.
    let choice = SnapshotChoice {
        named: [again.at.snapshot.clone()].into(),
        unnamed: [archived.at.snapshot, again.at.snapshot.clone()].into(),
    };
    for _ in 0..2 {
        prune(&setup.store, setup.runtime.handle(), &choice, true).unwrap();
    }
    assert_eq!(setup.snapshots(), 1);
    assert!(setup.read(&again.at, &bytes, 0..u64::MAX) == bytes);
}

#[test]
fn the_password_is_needed_once_in_the_life_of_a_process() {
    let mut setup = RepositorySetup::new();
    setup.write(b"some bytes");
    setup.finish(&mut setup.start(), 10).unwrap();
    let keys = setup.folder.path().join("store/repository/keys");
    assert_eq!(
        std::fs::read_dir(&keys).unwrap().count(),
        1,
        "for people and restic"
    );
    std::fs::remove_dir_all(keys).unwrap();
    setup.finish(&mut setup.start(), 10).unwrap();
    assert_eq!(setup.snapshots(), 2);
}

#[test]
fn a_source_that_cannot_be_read_to_its_end_leaves_no_snapshot() {
    let mut setup = RepositorySetup::new();
    let mut upload = setup.start();
    setup.write(&noise(1 << 20, 2));
    // It lacks what it says it has.
    setup.says(1 << 20);
    let error = setup.finish(&mut upload, 2 << 20).unwrap_err();
    assert_eq!(error.code(), "io", "{error}");
    assert_eq!(setup.snapshots(), 0);
}

#[test]
fn a_run_that_failed_leaves_no_snapshot_whether_it_is_abandoned_or_dropped() {
    let mut setup = RepositorySetup::new();
    setup.write(&noise(6 << 20, 3));
    let upload = setup.start();
    let abandoned = async { timeout(TIME_LIMIT, upload.abandon()).await };
    let abandoned = setup.runtime.block_on(abandoned);
    abandoned.expect("it does not hang");
    assert_eq!(setup.snapshots(), 0);
    drop(setup.start());
    let size = 6 << 20;
    let archived = setup.finish(&mut setup.start(), size);
    archived.expect("the next one is made");
    assert_eq!(setup.snapshots(), 1);
}

#[test]
fn trees_are_sorted_whatever_the_parts_are_called() {
    // Trap: restic takes an unsorted tree for damage, and the library sorts none.
    let mut setup = RepositorySetup::new();
    let mut upload = setup.start();
    let names = [
        "zeta", "alpha", "Z", "é", "..", "a/b", "10", "9", "1", "beta", "_", "-",
    ];
    let bytes = noise(names.len() << 10, 4);
    for (number, name) in names.iter().enumerate() {
        let offset = number << 10;
        setup.borders.add(offset as u64, Some((*name).to_owned()));
        setup.write(&bytes[offset..offset + (1 << 10)]);
    }
    let size = bytes.len() as u64;
    setup.borders.add(size, None);
    let archived = setup.finish(&mut upload, size).unwrap();

    let gate = Arc::default();
    let opened = opened::open(
        &setup.store,
        setup.runtime.handle(),
        &gate,
        IndexView::Whole,
    )
    .unwrap();
    let repository = opened.to_indexed().unwrap();
    let snapshot = repository.get_snapshots(&[&archived.at.snapshot]).unwrap();
    let mut trees = vec![snapshot[0].tree];
    let mut parts = 0;
    while let Some(tree) = trees.pop() {
        let nodes = repository.get_tree(&tree).unwrap().nodes;
        assert!(nodes.is_sorted_by(|a, b| a.name < b.name), "{nodes:?}");
        trees.extend(nodes.iter().filter_map(|node| node.subtree));
        parts = parts.max(nodes.len());
    }
    assert_eq!(parts, names.len());
}

#[test]
fn a_backup_whose_bytes_are_marked_while_it_runs_has_them_back_after_the_next_prune() {
    // Trap: had they been removed at once, the backup would lack them.
    let mut setup = RepositorySetup::new();
    let (shared, part) = (6 << 20, 1 << 20);
    let bytes = noise(shared + 16 * part, 5);
    setup.write(&bytes[..shared]);
    let first = setup.finish(&mut setup.start(), shared as u64).unwrap();
    // The second one has seen what is there as soon as it adds to it.
    let packs = setup.packs();
    let mut second = setup.start();
    for offset in (shared..bytes.len()).step_by(part) {
        setup.borders.add(offset as u64, Some(offset.to_string()));
        setup.write(&bytes[offset..offset + part]);
    }
    while setup.packs() == packs {
        std::thread::yield_now();
    }
    // Its lock has been lost: nothing else lets a prune through.
    let choice = SnapshotChoice {
        named: HashSet::new(),
        unnamed: [first.at.snapshot].into(),
    };
    prune(&setup.store, setup.runtime.handle(), &choice, true).unwrap();
    assert_eq!(setup.snapshots(), 0);
    let archived = setup.finish(&mut second, bytes.len() as u64).unwrap();
    let choice = SnapshotChoice {
        named: [archived.at.snapshot.clone()].into(),
        unnamed: HashSet::new(),
    };
    for _ in 0..2 {
        prune(&setup.store, setup.runtime.handle(), &choice, true).unwrap();
    }
    assert!(setup.read(&archived.at, &bytes, 0..u64::MAX) == bytes);
}
