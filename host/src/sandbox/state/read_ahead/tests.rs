//! What is opened ahead is what would have been opened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, Mode, open};

use super::{Listing, OpenFile, ReadAhead, ReadAheadThread};
use crate::paths::NO_LINK;
use crate::sandbox::state::ListedNames;
use crate::sandbox::state::directory::{Directory, ListedEntry};

/// A module that lists and opens, all of a folder.
struct ModuleReader {
    read_ahead: ReadAhead,
    /// Stay open, as a module has open what it has not read to its end.
    listings: Vec<Directory>,
}

impl ModuleReader {
    fn new() -> Self {
        Self {
            read_ahead: ReadAhead::default(),
            listings: Vec::new(),
        }
    }

    fn list(&mut self, folder: &Path) -> Vec<ListedEntry> {
        let opened = open(folder, NO_LINK, Mode::empty()).unwrap();
        let (folders, names) = (std::sync::Arc::default(), ListedNames::default());
        let read = Directory::read(opened, folder.to_owned(), folders, &names, 0);
        let mut directory = read.unwrap();
        let entries = directory.next(1000).unwrap();
        self.read_ahead.list(&directory.folder, folder, &entries);
        self.listings.push(directory);
        entries
    }

    fn take(&mut self, path: &Path) -> Option<OpenFile> {
        self.read_ahead.take(path)
    }

    /// Waits until all is open that there is room for.
    fn wait_until_idle(&self) {
        self.read_ahead.worker.as_ref().unwrap().wait_until_idle();
    }
}

fn is_whole(file: &OpenFile, path: &Path) {
    assert_eq!(file.path, path);
    assert_eq!(file.content, fs::read(path).unwrap());
}

#[test]
fn after_the_first_file_the_next_ones_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: u32| folder.path().join(format!("{name:03}"));
    for name in 0..100 {
        fs::write(path(name), name.to_string().repeat(50)).unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    assert!(
        reader.take(&path(0)).is_none(),
        "no file was asked for before"
    );
    for name in 1..100 {
        reader.wait_until_idle();
        is_whole(&reader.take(&path(name)).unwrap(), &path(name));
    }
    assert!(reader.take(&path(7)).is_none(), "each of them once");
}

#[test]
fn what_is_left_out_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: u32| folder.path().join(format!("{name:03}"));
    for name in 0..100 {
        fs::write(path(name), [1]).unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    reader.take(&path(0));
    for name in [40, 41, 99] {
        reader.take(&path(name - 1));
        reader.wait_until_idle();
        is_whole(&reader.take(&path(name)).unwrap(), &path(name));
    }
}

#[test]
fn a_folder_among_files_is_gone_into_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("b")).unwrap();
    for name in ["a", "b/1", "b/2", "c", "d"] {
        fs::write(path(name), name).unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    reader.take(&path("a"));
    reader.wait_until_idle();
    let worker = reader.read_ahead.worker.as_ref().unwrap();
    assert_eq!(worker.opened(), 0, "c is not next");
    reader.list(&path("b"));
    for name in ["b/1", "b/2"] {
        reader.wait_until_idle();
        is_whole(&reader.take(&path(name)).unwrap(), &path(name));
    }
    assert!(reader.take(&path("c")).is_none());
    reader.wait_until_idle();
    is_whole(&reader.take(&path("d")).unwrap(), &path("d"));
}

#[test]
fn what_has_become_something_else_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a", "b", "c", "d"] {
        fs::write(path(name), name).unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    for name in ["b", "c", "d"] {
        fs::remove_file(path(name)).unwrap();
    }
    std::os::unix::fs::symlink(path("a"), path("b")).unwrap();
    rustix::fs::mknodat(
        CWD,
        path("c"),
        rustix::fs::FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    reader.take(&path("a"));
    reader.wait_until_idle();
    for name in ["b", "c", "d"] {
        assert!(reader.take(&path(name)).is_none(), "{name}");
    }
}

#[test]
fn only_small_files_are_read_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), "a").unwrap();
    fs::write(path("b"), "").unwrap();
    fs::write(path("c"), vec![1; (64 << 10) + 1]).unwrap();
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    reader.take(&path("a"));
    for (name, size) in [("b", 0), ("c", (64 << 10) + 1)] {
        reader.wait_until_idle();
        let file = reader.take(&path(name)).unwrap();
        assert_eq!((file.size(), file.content.len()), (size, 0));
    }
}

#[test]
fn what_was_written_after_the_listing_is_left_to_the_module() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a", "b", "c", "d"] {
        fs::write(path(name), "old").unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    fs::write(path("b"), "longer").unwrap();
    fs::write(path("c"), "o").unwrap();
    reader.take(&path("a"));
    for (name, size) in [("b", 6), ("c", 1)] {
        reader.wait_until_idle();
        let file = reader.take(&path(name)).unwrap();
        assert_eq!((file.size(), file.read_at_once), (size, false), "{name}");
        assert!(
            file.content.is_empty(),
            "{name}: read before it was looked at"
        );
    }
    reader.wait_until_idle();
    is_whole(&reader.take(&path("d")).unwrap(), &path("d"));
}

#[test]
fn what_is_more_than_content_is_opened_once_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a", "b", "c", "d"] {
        fs::write(path(name), name).unwrap();
    }
    let attribute = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(path("b"), "user.note", b"x", attribute).unwrap();
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    reader.take(&path("a"));
    reader.wait_until_idle();
    assert!(reader.read_ahead.take_plain(&path("b")).is_none());
    let whole = reader.take(&path("b")).unwrap();
    assert_eq!(whole.attributes.as_ref().unwrap().len(), 1);
    is_whole(&whole, &path("b"));
    is_whole(
        &reader.read_ahead.take_plain(&path("c")).unwrap(),
        &path("c"),
    );
    assert!(
        reader.read_ahead.take_plain(&path("b")).is_none(),
        "it is behind"
    );
    is_whole(&reader.take(&path("d")).unwrap(), &path("d"));
}

#[test]
fn files_come_in_their_order_whatever_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: u32| folder.path().join(format!("{name:04}"));
    for name in 0..900 {
        fs::write(path(name), name.to_string().repeat(1 + name as usize)).unwrap();
    }
    let mut reader = ModuleReader::new();
    reader.list(folder.path());
    // Nothing waits for the thread here: what is not open is what the module opens itself.
    let found = (0..900).filter_map(|name| Some((name, reader.take(&path(name))?)));
    for (name, file) in found.collect::<Vec<_>>() {
        is_whole(&file, &path(name));
    }
}

#[test]
fn a_disk_that_does_not_answer_the_thread_keeps_no_module_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), NO_LINK, Mode::empty()).unwrap();
    let listing = Arc::new(Listing::new(&Arc::new(opened), folder.path(), &[]));
    let worker = ReadAheadThread::stuck_at(&listing, 3..19);
    assert!(worker.take(&listing, 7).is_empty());
}
