use std::fs;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use tokio::runtime::Runtime;

use super::{FileTreeSink, FileTreeStream, NewEntry, channel};
use crate::error::Error;

/// What stands at `path`, as `name`.
fn entry(path: &Path, name: &str) -> NewEntry {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let place = openat(CWD, path, flags, Mode::empty()).unwrap();
    NewEntry {
        name: name.into(),
        path: path.to_str().unwrap().into(),
        facts: fstat(&place).unwrap(),
        place,
        link: None,
        attributes: Vec::new(),
    }
}

struct TreeSetup {
    folder: tempfile::TempDir,
    runtime: Runtime,
    sink: FileTreeSink,
    stream: FileTreeStream,
}

impl TreeSetup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "content").unwrap();
        let (sink, stream) = channel();
        Self {
            folder,
            runtime: Runtime::new().unwrap(),
            sink,
            stream,
        }
    }

    fn add(&mut self, name: &str) -> Result<(), Error> {
        let entry = entry(&self.folder.path().join("file"), name);
        self.runtime.block_on(self.sink.add(entry))
    }
}

#[test]
fn a_tree_ends_once_all_of_it_was_read() {
    let mut setup = TreeSetup::new();
    let mut entries = setup.stream.take().unwrap();
    setup.add("a").unwrap();
    setup.add("b").unwrap();
    assert_eq!(setup.sink.totals().unwrap_err().code(), "tree-unfinished");
    let reading = setup.runtime.spawn(async move {
        while let Some(entry) = entries.next().await {
            entry.content.unwrap().has_changed("grew");
        }
    });
    let late = setup.runtime.block_on(setup.sink.finish()).unwrap();
    setup.runtime.block_on(reading).unwrap();
    assert_eq!(late.len(), 2);
    assert_eq!(late[0].error.code(), "grew");
    let totals = setup.sink.totals().unwrap().unwrap();
    assert_eq!((totals.entries, totals.files, totals.bytes), (2, 2, 14));
    assert_eq!(setup.add("c").unwrap_err().code(), "tree-finished");
    let again = setup.runtime.block_on(setup.sink.finish());
    assert_eq!(again.unwrap_err().code(), "tree-finished");
}

#[test]
fn a_tree_that_the_repository_gives_up_takes_no_more() {
    let mut setup = TreeSetup::new();
    setup.add("a").unwrap();
    setup.stream.stop(Error::run("store-full", "no room"));
    assert_eq!(setup.add("b").unwrap_err().code(), "store-full");

    let mut setup = TreeSetup::new();
    setup.add("a").unwrap();
    let end = setup.stream.end();
    drop(setup.stream.take());
    drop(end);
    let finished = setup.runtime.block_on(setup.sink.finish());
    assert_eq!(finished.unwrap_err().code(), "tree-stopped");
}

#[test]
fn a_tree_without_an_entry_is_none() {
    let mut setup = TreeSetup::new();
    assert_eq!(setup.sink.totals().unwrap(), None);
    let finished = setup.runtime.block_on(setup.sink.finish());
    assert_eq!(finished.unwrap_err().code(), "nothing-generated");
}
