//! File trees with POSIX metadata. Paths are absolute, raw bytes.

use std::vec;

use crate::imports::{changes, files};
use crate::types::{Entry, Failure, Result};

pub use files::File;

/// Entries that one call returns.
const BATCH: u32 = 256;

/// The entry at `path`; with `follow`, the target of a symbolic link there.
pub fn inspect(path: &[u8], follow: bool) -> Result<Entry> {
    files::inspect(path, follow)
}

/// Opens a regular file without ever waiting.
pub fn open(path: &[u8], follow: bool) -> Result<File> {
    files::open_file(path, follow)
}

/// How a file differs from when it was opened, asked after its content was appended: "grew", "shrank",
/// "rewritten". None if it is as it was.
pub fn changed(file: &File) -> Option<String> {
    changes::since_opened(file)
}

/// Lists a directory: its entries in the byte order of their names, links not followed.
pub fn list(path: &[u8], follow: bool) -> Result<Listing> {
    Ok(Listing {
        directory: files::open_directory(path, follow)?,
        batch: Vec::new().into_iter(),
        ended: false,
    })
}

/// The entries of a directory, fetched in batches.
pub struct Listing {
    directory: files::Directory,
    batch: vec::IntoIter<Entry>,
    ended: bool,
}

impl Iterator for Listing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.batch.next() {
            return Some(Ok(entry));
        }
        if self.ended {
            return None;
        }
        match self.directory.next(BATCH) {
            Ok(entries) => {
                self.ended = entries.is_empty();
                self.batch = entries.into_iter();
                self.batch.next().map(Ok)
            }
            Err(failure) => {
                self.ended = true;
                Some(Err(failure))
            }
        }
    }
}

/// Whether a failure means that the entry was removed or replaced by one of another kind.
pub fn vanished(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "not-found" | "not-a-file" | "not-a-directory"
    )
}
