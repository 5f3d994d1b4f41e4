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
pub(crate) struct Facts {
    pub(crate) kind: &'static str,
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
    /// Seconds and nanoseconds.
    pub(crate) mtime: Option<(i64, i64)>,
    /// Size and SHA-256 of a file.
    pub(crate) content: Option<(u64, String)>,
    pub(crate) target: Option<Vec<u8>>,
    /// The first name of the same file, if it has several.
    pub(crate) same_as: Option<Vec<u8>>,
}

/// A tree by its names: raw bytes, relative to its root, which is "".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<Vec<u8>, Facts>);

impl Tree {
    /// Looks at everything below `root`.
    pub(crate) fn of(root: &Path) -> Self {
        Self::of_some(root, |_| true)
    }

    /// The same of the names that are wanted.
    pub(crate) fn of_some(root: &Path, wanted: impl Fn(&[u8]) -> bool) -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.add(root, Vec::new());
        tree.0.retain(|name, _| wanted(name));
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
        let mut names: HashMap<_, Vec<Vec<u8>>> = HashMap::new();
        for (name, facts) in &self.0 {
            let found = fs::symlink_metadata(root.join(std::ffi::OsStr::from_bytes(name))).unwrap();
            if facts.kind == "file" && found.nlink() > 1 {
                names
                    .entry((found.dev(), found.ino()))
                    .or_default()
                    .push(name.clone());
            }
        }
        // A name outside of the tree is none.
        for names in names.into_values().filter(|names| names.len() > 1) {
            for name in &names {
                self.0.get_mut(name).unwrap().same_as = Some(names[0].clone());
            }
        }
    }

    /// Leaves what `wanted` takes of an entry's name and facts.
    pub(crate) fn only(mut self, wanted: impl Fn(&[u8], &Facts) -> bool) -> Self {
        self.0.retain(|name, facts| wanted(name, facts));
        self
    }

    /// The names, as text where they are text.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .keys()
            .map(|name| String::from_utf8_lossy(name).into_owned())
    }

    /// Changes every entry's facts to what can be compared.
    pub(crate) fn forget(mut self, forget: impl Fn(&mut Facts)) -> Self {
        self.0.values_mut().for_each(forget);
        self
    }

    /// The same entries with the same facts; otherwise panics with every difference.
    #[track_caller]
    pub(crate) fn is(&self, expected: &Self, what: &str) {
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
