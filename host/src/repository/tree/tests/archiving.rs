use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{CWD, Mode, OFlags, Stat, fstat, openat};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::artifact::SpoolReader;
use crate::artifact::file_tree::{self, FileTreeSink, NewEntry};
use crate::artifact::manifest::Contents;
use crate::error::Result;
use crate::repository::tests::{contents, store};
use crate::repository::{Archived, SnapshotContents, SnapshotLabel, SnapshotUpload};
use crate::store::Store;

/// Nothing here takes longer, unless it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A folder of files, and a store with a repository.
struct TreeRepository {
    folder: tempfile::TempDir,
    runtime: Runtime,
    store: Store,
    runs: u32,
}

/// A run that adds files.
struct TreeRun<'a> {
    of: &'a TreeRepository,
    sink: FileTreeSink,
    upload: SnapshotUpload,
}

impl TreeRepository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["store", "files", "files/directory"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let store = store(&folder.path().join("store"));
        Self {
            runtime: Runtime::new().unwrap(),
            store,
            folder,
            runs: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    fn start(&mut self) -> TreeRun<'_> {
        self.runs += 1;
        let (sink, stream) = file_tree::channel();
        let spool = self.folder.path().join("spool");
        fs::write(&spool, "").unwrap();
        let (_, written) = watch::channel(0);
        let source = SpoolReader::new(fs::File::open(spool).unwrap(), written);
        let label = SnapshotLabel {
            id: format!("{}", self.runs),
            strategy: "file_archive".to_owned(),
            started_at: Timestamp::from_second(self.runs.into()).unwrap(),
        };
        let _within = self.runtime.enter();
        let source = source.with_tree(Some(stream));
        let upload = SnapshotUpload::start(&self.store, label, source, true).unwrap();
        TreeRun {
            of: self,
            sink,
            upload,
        }
    }

    /// The tar that comes out.
    fn read(&self, archived: &Archived, range: std::ops::Range<u64>) -> Result<Vec<u8>> {
        let at = &archived.at;
        let artifact = Contents {
            raw_size: archived.size,
            repository: Some(at.clone()),
            ..contents(b"")
        };
        let driver = self.runtime.handle().clone();
        let open = SnapshotContents::open(&self.store, &driver, &artifact, at)?;
        self.runtime.block_on(async {
            let mut reading = open.read(range)?;
            let mut read = Vec::new();
            while let Some(piece) = reading.next().await? {
                read.extend_from_slice(&piece);
            }
            Ok(read)
        })
    }
}

impl TreeRun<'_> {
    fn add(&mut self, name: &str) {
        self.add_as(name, |_| {});
    }

    /// Adds it as if the system knew something else of it.
    fn add_as(&mut self, name: &str, change: impl FnOnce(&mut Stat)) {
        let path = self.of.path(name);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let place = openat(CWD, &path, flags, Mode::empty()).unwrap();
        let mut facts = fstat(&place).unwrap();
        change(&mut facts);
        let entry = NewEntry {
            name: name.into(),
            path: path.to_str().unwrap().into(),
            place,
            facts,
            link: None,
            attributes: vec![("user.note".to_owned(), b"a note".to_vec())],
        };
        let added = async { tokio::time::timeout(TIME_LIMIT, self.sink.add(entry)).await };
        let added = self.of.runtime.block_on(added);
        added.expect("it does not hang").unwrap();
    }

    /// Ends it well. Returns what was archived, and the codes of what was found late.
    fn finish(mut self) -> (Archived, Vec<String>) {
        let finished = self.of.runtime.block_on(async {
            tokio::time::timeout(TIME_LIMIT, async {
                let late = self.sink.finish().await?;
                Ok::<_, crate::error::Error>((self.upload.finish(0).await?, late))
            })
            .await
        });
        let (archived, late) = finished.expect("it does not hang").unwrap();
        let codes = late.iter().map(|late| late.error.code().to_owned());
        (archived, codes.collect())
    }
}

/// The members of a tar: names, and contents.
fn members(tar: &[u8], folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut command = std::process::Command::new("tar");
    let target = folder.join("extracted");
    let _ = fs::remove_dir_all(&target);
    fs::create_dir(&target).unwrap();
    fs::write(folder.join("tar"), tar).unwrap();
    let extracted = command
        .arg("-C")
        .arg(&target)
        .arg("-xf")
        .arg(folder.join("tar"));
    assert!(extracted.status().unwrap().success());
    let mut found = Vec::new();
    let mut open = vec![target.clone()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut content = Vec::new();
            fs::File::open(&path)
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            let name = path.strip_prefix(&target).unwrap().display().to_string();
            found.push((name, content));
        }
    }
    found.sort();
    found
}

#[test]
fn files_come_out_as_a_tar_and_any_range_of_it_is_the_same() {
    let mut setup = TreeRepository::new();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    setup.write("directory/large", &large);
    setup.write("directory/empty", b"");
    setup.write("last", b"last");
    let mut run = setup.start();
    // The directory on the way is made up.
    for name in ["directory/empty", "directory/large", "last"] {
        run.add(name);
    }
    let (archived, late) = run.finish();
    assert_eq!(late, Vec::<String>::new());
    let files = archived.at.files.unwrap();
    assert_eq!((files.entries, files.count, files.unchanged), (3, 3, 0));
    assert_eq!(files.bytes, large.len() as u64 + 4);

    let tar = setup.read(&archived, 0..u64::MAX).unwrap();
    assert_eq!(tar.len() as u64, archived.size);
    let found = members(&tar, setup.folder.path());
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["directory/empty", "directory/large", "last"]);
    assert!(found[1].1 == large && found[2].1 == b"last");
    for range in [
        0..1,
        700..2100,
        1_000_000..9_000_001,
        archived.size - 5..archived.size,
    ] {
        let read = setup.read(&archived, range.clone()).unwrap();
        assert!(
            read == tar[range.start as usize..range.end as usize],
            "{range:?}"
        );
    }
}

#[test]
fn what_is_as_before_is_not_read_and_another_inode_is_not_as_before() {
    let mut setup = TreeRepository::new();
    setup.write("a", b"one of many");
    setup.write("b", b"another one");
    let mut run = setup.start();
    run.add("a");
    run.add("b");
    let first = run.finish().0;
    assert_eq!(first.at.files.unwrap().unchanged, 0);

    let mut run = setup.start();
    run.add("a");
    run.add("b");
    let second = run.finish().0;
    assert_eq!(second.at.files.unwrap().unchanged, 2);
    assert_eq!(second.at.tree, first.at.tree);
    assert!(second.added < 2000, "{second:?}");

    // Trap: the library compares inodes only where it is told to ignore them.
    let mut run = setup.start();
    run.add_as("a", |facts| facts.st_ino += 1);
    run.add_as("b", |facts| facts.st_ctime_nsec ^= 1);
    assert_eq!(run.finish().0.at.files.unwrap().unchanged, 0);
}

#[test]
fn a_file_that_is_shorter_than_it_was_ends_with_zeros() {
    let mut setup = TreeRepository::new();
    setup.write("a", b"some bytes");
    let mut run = setup.start();
    run.add_as("a", |facts| facts.st_size = 700);
    let (archived, late) = run.finish();
    assert_eq!(late, ["shrank"]);
    let tar = setup.read(&archived, 0..u64::MAX).unwrap();
    let found = members(&tar, setup.folder.path());
    assert_eq!(found[0].1, [&b"some bytes"[..], &[0; 690]].concat());
    // And one that is longer ends where it did.
    let mut run = setup.start();
    run.add_as("a", |facts| facts.st_size = 4);
    let (archived, late) = run.finish();
    assert_eq!(late, ["grew"]);
    let tar = setup.read(&archived, 0..u64::MAX).unwrap();
    assert_eq!(members(&tar, setup.folder.path())[0].1, b"some");
}

#[test]
fn a_file_that_cannot_be_opened_is_told_and_the_others_come_out() {
    if rustix::process::geteuid().is_root() {
        // Root opens all: a test of the whole program tries it as another user.
        return;
    }
    let mut setup = TreeRepository::new();
    setup.write("a", b"locked");
    setup.write("b", b"open");
    let none = fs::Permissions::from_mode(0o000);
    fs::set_permissions(setup.path("a"), none).unwrap();
    let mut run = setup.start();
    run.add("a");
    run.add("b");
    let (archived, late) = run.finish();
    assert_eq!(late, ["permission-denied"]);
    let tar = setup.read(&archived, 0..u64::MAX).unwrap();
    assert_eq!(tar.len() as u64, archived.size);
    let found = members(&tar, setup.folder.path());
    assert_eq!(found, [("b".to_owned(), b"open".to_vec())]);
}

#[test]
fn a_run_that_does_not_end_well_leaves_no_snapshot() {
    let mut setup = TreeRepository::new();
    setup.write("a", b"one");
    let mut run = setup.start();
    run.add("a");
    run.of.runtime.block_on(run.sink.finish()).unwrap();
    let TreeRun { of, upload, .. } = run;
    let abandoned = async { tokio::time::timeout(TIME_LIMIT, upload.abandon()).await };
    of.runtime.block_on(abandoned).expect("it does not hang");
    let snapshots = of.store.list("repository/snapshots/");
    assert_eq!(of.runtime.block_on(snapshots).unwrap().len(), 0);
}
