//! What a directory's listing said last, and the files that it names.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, Stat, openat};
use rustix::io::{pread, retry_on_intr};

use crate::paths::{NO_LINK, attributes_of_file};
use crate::sandbox::state::directory::ListedEntry;
use crate::sandbox::state::open_file::OpenFile;

/// Files that are opened at once, before they are handed over.
const BATCH: usize = 16;
/// Bytes of files that are read at once.
const BATCH_BYTES: u64 = 256 << 10;
/// Bytes of a file that is read as a whole.
const SMALL: u64 = 64 << 10;

/// The entries of a directory, or the next of them.
pub(super) struct Listing {
    folder: Arc<OwnedFd>,
    pub(super) path: PathBuf,
    /// In the order of the listing: a name, and what was listed of it if it is a regular file's.
    entries: Vec<(Vec<u8>, Option<Stat>)>,
}

/// A file that was opened for an entry of a listing.
pub(super) struct OpenedFile {
    pub(super) entry: usize,
    /// None where it could not be opened: the call that asks for it finds out why.
    pub(super) file: Option<OpenFile>,
}

impl Listing {
    pub(super) fn new(folder: &Arc<OwnedFd>, path: &Path, entries: &[ListedEntry]) -> Self {
        let named = |entry: &ListedEntry| {
            let (name, is_file) = entry.name();
            (name.to_vec(), is_file.then_some(entry.facts))
        };
        Self {
            folder: Arc::clone(folder),
            path: path.to_owned(),
            entries: entries.iter().map(named).collect(),
        }
    }

    /// The number of an entry.
    pub(super) fn position(&self, name: &[u8]) -> Option<usize> {
        let found = self
            .entries
            .binary_search_by(|(known, _)| known.as_slice().cmp(name));
        found.ok()
    }

    /// Regular files that stand next to each other from an entry on: a few, with not too many bytes. Behind a directory
    /// there are none: the module will go into it first.
    pub(super) fn files_from(&self, first: usize) -> Range<usize> {
        let rest = self.entries.get(first..).unwrap_or_default();
        let mut bytes = 0;
        let fits = |(_, file): &&(Vec<u8>, Option<Stat>)| {
            file.as_ref().is_some_and(|listed| {
                bytes += small_size(listed).unwrap_or(0);
                bytes <= BATCH_BYTES
            })
        };
        first..first + rest.iter().take(BATCH).take_while(fits).count()
    }

    /// Opens files, and reads those that are small.
    pub(super) fn open(&self, files: Range<usize>) -> Vec<OpenedFile> {
        let listed = self.entries[files.clone()].iter();
        let sizes = listed.filter_map(|(_, file)| small_size(file.as_ref()?));
        let mut content = Vec::with_capacity(sizes.sum::<u64>() as usize);
        let opened: Vec<_> = files
            .map(|entry| {
                let start = content.len();
                let file = self.open_one(entry, &mut content);
                (entry, file, start..content.len())
            })
            .collect();
        let content = Bytes::from(content);
        let whole = |(entry, file, range): (usize, Option<OpenFile>, Range<usize>)| OpenedFile {
            entry,
            file: file.map(|file| OpenFile {
                content: content.slice(range),
                ..file
            }),
        };
        opened.into_iter().map(whole).collect()
    }

    /// Opens a file; its bytes go behind `content` if they are all there is of it.
    fn open_one(&self, entry: usize, content: &mut Vec<u8>) -> Option<OpenFile> {
        let (name, listed) = &self.entries[entry];
        let (name, listed) = (OsStr::from_bytes(name), listed.as_ref()?);
        let file = openat(&self.folder, name, NO_LINK, Mode::empty()).ok()?;
        // Read first: one look then says what it is, and that nothing has changed since it was listed.
        let start = content.len();
        let read = read_small(&file, listed, content).ok()?;
        let mut file = OpenFile::new(file, self.path.join(name)).ok()?;
        file.attributes = attributes_of_file(&file.file).ok();
        file.read_at_once = read == file.size() && moment(listed) == moment(&file.facts);
        // What has changed is read again, by the module.
        if !file.read_at_once {
            content.truncate(start);
        }
        Some(file)
    }
}

/// The bytes of a small file's listing, behind `content`, which has room for them. Returns how many there were.
fn read_small(file: &OwnedFd, listed: &Stat, content: &mut Vec<u8>) -> rustix::io::Result<u64> {
    match small_size(listed) {
        None | Some(0) => Ok(0),
        // It may have grown into the room of those behind it: then it is not what was listed.
        Some(_) => {
            retry_on_intr(|| pread(file, spare_capacity(content), 0)).map(|read| read as u64)
        }
    }
}

/// The bytes of a file, if it is read as a whole.
#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
fn small_size(listed: &Stat) -> Option<u64> {
    let size = listed.st_size as u64;
    (size <= SMALL).then_some(size)
}

/// The same at two moments between which nothing was written.
fn moment(facts: &Stat) -> impl PartialEq {
    (
        facts.st_dev,
        facts.st_ino,
        facts.st_size,
        facts.st_ctime,
        facts.st_ctime_nsec,
    )
}
