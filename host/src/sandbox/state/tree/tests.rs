#![allow(clippy::unwrap_used, reason = "a test may panic")]
//! What a hostile archive would ask for, and what an honest one must get.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::artifact::Fetched;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;

const TIME: i64 = 1_600_000_000;

fn node(name: &str, mode: u32) -> Node {
    let facts = fs::metadata("/proc/self").unwrap();
    Node {
        name: name.as_bytes().to_vec(),
        mode,
        uid: facts.uid(),
        gid: facts.gid(),
        mtime_seconds: TIME,
        mtime_nanoseconds: 7,
    }
}

fn packed(bytes: &[u8]) -> Fetched {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Fetched::whole(file, bytes.len() as u64)
}

fn body<'a>(bytes: &[u8], size: u64, method: &'a str, crc32: Option<u32>) -> Body<'a> {
    Body {
        range: packed(bytes).range(0, bytes.len() as u64).unwrap(),
        size,
        method,
        crc32,
    }
}

fn write(tree: &mut Tree, name: &str, text: &str) -> Result<()> {
    let body = body(text.as_bytes(), text.len() as u64, "stored", None);
    tree.file(&node(name, 0o640), &[], body, &Cancel::new())
        .map(drop)
}

fn code<T: std::fmt::Debug>(done: Result<T>) -> String {
    done.unwrap_err().code().to_owned()
}

/// A target directory `in`, beside what must not change.
struct TargetPlace {
    folder: TempDir,
    journals: TempDir,
}

impl TargetPlace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("precious"), "untouched").unwrap();
        let journals = tempfile::tempdir().unwrap();
        Self { folder, journals }
    }

    fn tree(&self, replace: bool) -> Tree {
        self.tree_of(replace, true)
    }

    fn tree_of(&self, replace: bool, whole: bool) -> Tree {
        let request = TreeRequest {
            path: self.path(""),
            replace,
            whole,
            id: &uuid::Uuid::now_v7().simple().to_string()[22..],
            journals: self.journals.path(),
            accepted: &[],
        };
        Tree::open(request).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Nothing beside the target was changed, and nothing unfinished is left in it.
    fn is_safe(&self) {
        let precious = fs::read_to_string(self.folder.path().join("precious")).unwrap();
        assert_eq!(precious, "untouched");
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 2);
        let left = fs::read_dir(self.path("")).unwrap().flatten();
        let left: Vec<_> = left
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".sidecar-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let journals = fs::read_dir(self.journals.path()).unwrap().count();
        assert_eq!(journals, 0, "a restore that is over needs no journal");
    }
}

#[test]
fn a_tree_comes_back_with_all_that_it_was() {
    let place = TargetPlace::new();
    let mut tree = place.tree(false);
    tree.directory(node("closed", 0o500), Vec::new()).unwrap();
    write(&mut tree, "closed/a", "alpha").unwrap();
    write(&mut tree, "made/on/the/way", "x").unwrap();
    tree.hard_link(b"b", b"closed/a").unwrap();
    tree.symlink(&node("link", 0o777), b"../precious", &[])
        .unwrap();
    tree.fifo(&node("fifo", 0o600), &[]).unwrap();
    tree.finish(&Cancel::new()).unwrap();

    assert_eq!(
        (place.read("closed/a"), place.read("b")),
        ("alpha".into(), "alpha".into())
    );
    let facts = |name: &str| fs::symlink_metadata(place.path(name)).unwrap();
    assert_eq!(facts("closed").mode() & 0o7777, 0o500);
    assert_eq!(facts("closed/a").mode() & 0o7777, 0o640);
    for name in ["closed", "closed/a", "link", "fifo"] {
        assert_eq!(
            (facts(name).mtime(), facts(name).mtime_nsec()),
            (TIME, 7),
            "{name}"
        );
    }
    assert_eq!(facts("closed/a").ino(), facts("b").ino());
    assert!(facts("fifo").file_type().is_fifo());
    assert_eq!(
        fs::read_link(place.path("link")).unwrap(),
        Path::new("../precious")
    );
    fs::set_permissions(place.path("closed"), Permissions::from_mode(0o700)).unwrap();
    place.is_safe();
}

#[test]
fn no_name_leads_out() {
    let place = TargetPlace::new();
    let mut tree = place.tree(true);
    for name in ["/precious", "../precious", "a/../../precious", ""] {
        assert_eq!(
            code(write(&mut tree, name, "evil")),
            "outside-target",
            "{name}"
        );
        assert_eq!(
            code(tree.directory(node(name, 0o777), Vec::new())),
            "outside-target"
        );
        assert_eq!(
            code(tree.symlink(&node(name, 0), b"x", &[])),
            "outside-target"
        );
        assert_eq!(
            code(tree.hard_link(b"inside", name.as_bytes())),
            "outside-target"
        );
    }
    drop(tree);
    place.is_safe();
}

#[test]
fn no_link_is_followed() {
    for replace in [false, true] {
        let place = TargetPlace::new();
        let mut tree = place.tree(replace);
        tree.symlink(&node("out", 0), b"..", &[]).unwrap();
        tree.symlink(&node("file", 0), b"../precious", &[]).unwrap();
        assert_eq!(
            code(write(&mut tree, "out/precious", "evil")),
            "outside-target"
        );
        assert_eq!(
            code(tree.directory(node("out/new", 0o700), Vec::new())),
            "outside-target"
        );
        assert_eq!(
            code(tree.hard_link(b"mine", b"out/precious")),
            "outside-target"
        );
        assert_eq!(code(tree.hard_link(b"mine", b"file")), "not-restored");
        // A file in the place of a link replaces the link, never what it leads to.
        match replace {
            false => assert_eq!(code(write(&mut tree, "file", "evil")), "exists"),
            true => write(&mut tree, "file", "mine").unwrap(),
        }
        // A link that stood there before, in the place of a directory.
        symlink("..", place.path("before")).unwrap();
        match replace {
            false => assert_eq!(
                code(tree.directory(node("before", 0o700), Vec::new())),
                "exists"
            ),
            true => drop(tree.directory(node("before", 0o700), Vec::new()).unwrap()),
        }
        drop(tree);
        place.is_safe();
    }
}

#[test]
fn what_is_there_is_replaced_only_if_asked_for() {
    let place = TargetPlace::new();
    fs::write(place.path("file"), "old").unwrap();
    fs::create_dir(place.path("folder")).unwrap();
    fs::write(place.path("folder/inner"), "inner").unwrap();
    let mut tree = place.tree(false);
    assert_eq!(code(write(&mut tree, "file", "new")), "exists");
    assert_eq!(code(write(&mut tree, "folder", "new")), "exists");
    tree.directory(node("folder", 0o755), Vec::new()).unwrap();
    drop(tree);
    assert_eq!(place.read("file"), "old");

    let mut tree = place.tree(true);
    write(&mut tree, "file", "new").unwrap();
    assert_eq!(code(write(&mut tree, "folder", "new")), "exists");
    assert_eq!(
        code(
            tree.directory(node(".", 0o755), Vec::new())
                .and_then(|_| write(&mut tree, ".", "x"))
        ),
        "exists"
    );
    tree.finish(&Cancel::new()).unwrap();
    assert_eq!(
        (place.read("file"), place.read("folder/inner")),
        ("new".into(), "inner".into())
    );
    place.is_safe();
}

#[test]
fn only_what_this_restore_made_gets_another_name() {
    let place = TargetPlace::new();
    fs::write(place.path("old"), "of another day").unwrap();
    let mut tree = place.tree(false);
    // The system's clock for files moves in ticks.
    let later = || fs::write(place.path("tick"), "").map(|()| changed_at(&place.path("tick")));
    while later().unwrap() == changed_at(&place.path("old")) {}
    let mut fresh = place.tree(false);
    assert_eq!(code(fresh.hard_link(b"new", b"old")), "not-restored");
    assert_eq!(code(tree.hard_link(b"new", b"missing")), "not-found");
    drop((tree, fresh));
    place.is_safe();
}

fn changed_at(path: &Path) -> (i64, i64) {
    let facts = fs::metadata(path).unwrap();
    (facts.ctime(), facts.ctime_nsec())
}

#[test]
fn a_bomb_ends_at_the_size_that_was_promised() {
    use flate2::write::DeflateEncoder;
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 64 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let place = TargetPlace::new();
    let mut tree = place.tree(false);
    let mut make = |bytes: &[u8], size, method, crc32| {
        let made = tree.file(
            &node("file", 0o600),
            &[],
            body(bytes, size, method, crc32),
            &Cancel::new(),
        );
        made.map(drop).map_err(|error| error.code().to_owned())
    };
    let damaged = Err("damaged".to_owned());
    assert_eq!(make(&bomb, 10, "deflated", None), damaged);
    assert_eq!(make(&bomb, (64 << 20) + 1, "deflated", None), damaged);
    assert_eq!(make(&bomb[..100], 64 << 20, "deflated", None), damaged);
    assert_eq!(make(b"no deflate stream", 3, "deflated", None), damaged);
    assert_eq!(make(b"123456789", 9, "stored", Some(1)), damaged);
    assert_eq!(make(b"123456789", 8, "stored", None), damaged);
    assert_eq!(make(b"123456789", 10, "stored", None), damaged);
    assert_eq!(
        make(b"x", 1, "lzma", None),
        Err("unknown-method".to_owned())
    );
    assert!(!place.path("file").exists());
    assert_eq!(make(b"123456789", 9, "stored", Some(0xcbf4_3926)), Ok(()));
    assert_eq!(place.read("file"), "123456789");
    drop(tree);
    place.is_safe();
}

#[test]
fn what_was_there_keeps_its_mode_and_time_unless_it_is_replaced() {
    let place = TargetPlace::new();
    for name in ["there", "there/inner"] {
        fs::create_dir(place.path(name)).unwrap();
        fs::set_permissions(place.path(name), Permissions::from_mode(0o711)).unwrap();
    }
    let facts = |name: &str| {
        let facts = fs::metadata(place.path(name)).unwrap();
        (facts.mode() & 0o7777, facts.mtime(), facts.mtime_nsec())
    };
    let before = facts("there");
    let mut tree = place.tree(false);
    tree.directory(node("there", 0o750), Vec::new()).unwrap();
    write(&mut tree, "there/new", "x").unwrap();
    write(&mut tree, "unnamed/new", "x").unwrap();
    tree.parent(node("parent", 0o750), Vec::new()).unwrap();
    tree.finish(&Cancel::new()).unwrap();
    assert_eq!(facts("there"), before);
    assert_eq!(
        (facts("unnamed").0, facts("parent")),
        (0o700, (0o750, TIME, 7))
    );

    let mut tree = place.tree_of(true, false);
    tree.parent(node("there", 0o777), Vec::new()).unwrap();
    write(&mut tree, "there/new", "newer").unwrap();
    tree.directory(node("there/inner", 0o500), Vec::new())
        .unwrap();
    tree.finish(&Cancel::new()).unwrap();
    assert_eq!(
        (facts("there"), facts("there/inner")),
        (before, (0o500, TIME, 7))
    );
    assert_eq!(place.read("there/new"), "newer");
    place.is_safe();
}

#[test]
fn nothing_of_a_restore_that_replaces_is_seen_before_its_end() {
    let place = TargetPlace::new();
    fs::write(place.path("file"), "old").unwrap();
    let mut tree = place.tree(true);
    write(&mut tree, "file", "new").unwrap();
    write(&mut tree, "other/file", "new").unwrap();
    drop(tree);
    assert_eq!(place.read("file"), "old");
    assert!(!place.path("other").exists());
    place.is_safe();
}
