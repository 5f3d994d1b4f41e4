//! File trees with everything that POSIX knows of them. Paths are absolute, raw bytes.

use std::vec;

use crate::border::files;
use crate::{Entry, Failure, Result};

pub use files::File;

/// Entries that one call brings.
const BATCH: u32 = 256;

/// What stands at `path`; with `follow`, what a symbolic link there leads to.
pub fn inspect(path: &[u8], follow: bool) -> Result<Entry> {
    files::inspect(path, follow)
}

/// Opens a regular file without ever waiting.
pub fn open(path: &[u8], follow: bool) -> Result<File> {
    files::open_file(path, follow)
}

/// Lists a directory: its entries in the byte order of their names, links not followed.
pub fn list(path: &[u8], follow: bool) -> Result<Listing> {
    Ok(Listing {
        directory: files::open_directory(path, follow)?,
        batch: Vec::new().into_iter(),
        ended: false,
    })
}

/// The entries of a directory, fetched as they are asked for.
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

/// Whether a failure means that nothing, or something else, stands at the path by now.
pub fn vanished(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "not-found" | "not-a-file" | "not-a-directory"
    )
}
