//! What a file system knows of a tree: to compare an original with what came back.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use crate::harness::measure;

/// All that matters of one entry. What a format cannot hold is made equal with `forget`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: &'static str,
    pub(super) mode: u32,
    pub(super) owner: Option<(u32, u32)>,
    /// Seconds and nanoseconds.
    pub(super) mtime: Option<(i64, i64)>,
    /// Size and SHA-256 of a file.
    pub(super) content: Option<(u64, String)>,
    pub(super) target: Option<Vec<u8>>,
    /// The first name of the same file, if it has several.
    pub(super) same_as: Option<Vec<u8>>,
}

/// A tree by its names: raw bytes, relative to its root, which is "".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree(BTreeMap<Vec<u8>, Facts>);

impl Tree {
    /// Looks at everything below `root`.
    pub(super) fn of(root: &Path) -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.add(root, Vec::new());
        tree.find_hard_links(root);
        tree
    }

    fn add(&mut self, path: &Path, name: Vec<u8>) {
        let facts = fs::symlink_metadata(path).unwrap();
        let kind = facts.file_type();
        let word = match kind {
            _ if kind.is_dir() => "directory",
            _ if kind.is_symlink() => "symlink",
            _ if kind.is_fifo() => "fifo",
            _ if kind.is_socket() => "socket",
            _ if kind.is_file() => "file",
            _ => "something else",
        };
        if kind.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let mut below = name.clone();
                if !below.is_empty() {
                    below.push(b'/');
                }
                below.extend(entry.file_name().as_bytes());
                self.add(&entry.path(), below);
            }
        }
        let facts = Facts {
            kind: word,
            mode: facts.mode() & 0o7777,
            owner: Some((facts.uid(), facts.gid())),
            mtime: Some((facts.mtime(), facts.mtime_nsec())),
            content: kind
                .is_file()
                .then(|| measure(fs::File::open(path).unwrap())),
            target: kind.is_symlink().then(|| {
                let target = fs::read_link(path).unwrap();
                target.as_os_str().as_bytes().to_vec()
            }),
            same_as: None,
        };
        self.0.insert(name, facts);
    }

    fn find_hard_links(&mut self, root: &Path) {
        let mut first = HashMap::new();
        for (name, facts) in &mut self.0 {
            let found = fs::symlink_metadata(root.join(std::ffi::OsStr::from_bytes(name))).unwrap();
            if facts.kind == "file" && found.nlink() > 1 {
                let first = first.entry(found.ino()).or_insert_with(|| name.clone());
                facts.same_as = Some(first.clone());
            }
        }
    }

    /// Keeps what `keep` says of an entry's name and facts.
    pub(super) fn only(mut self, keep: impl Fn(&[u8], &Facts) -> bool) -> Self {
        self.0.retain(|name, facts| keep(name, facts));
        self
    }

    /// The names, as text where they are text.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .keys()
            .map(|name| String::from_utf8_lossy(name).into_owned())
    }

    /// Changes every entry's facts to what can be compared.
    pub(super) fn forget(mut self, forget: impl Fn(&mut Facts)) -> Self {
        self.0.values_mut().for_each(forget);
        self
    }

    /// The same entries with the same facts; otherwise panics with every difference.
    #[track_caller]
    pub(super) fn is(&self, expected: &Self, what: &str) {
        let mut wrong = String::new();
        for name in self
            .0
            .keys()
            .chain(expected.0.keys().filter(|name| !self.0.contains_key(*name)))
        {
            let [found, wanted] = [self, expected].map(|tree| tree.0.get(name));
            if found != wanted {
                let name = name.escape_ascii();
                writeln!(wrong, "{name}\n  is     {found:?}\n  not    {wanted:?}").unwrap();
            }
        }
        assert!(wrong.is_empty(), "{what}:\n{wrong}");
        assert!(expected.0.len() > 1, "{what}: nothing was compared");
    }
}
