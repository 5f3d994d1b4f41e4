//! Files that are open before the module asks for them: while it is at one entry of a listing,
//! another thread opens the next ones and reads those that are small. So a disk always has something
//! to do, and two cores share the work that many small files are.

mod listing;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use self::listing::{Listing, OpenedFile};
use self::queue::ReadAheadThread;
use super::directory::ListedEntry;
use super::open_file::OpenFile;

/// What a module listed, and what of it is open.
#[derive(Default)]
pub(in crate::sandbox) struct ReadAhead {
    /// Started when the module first opens a file that it had listed before.
    worker: Option<ReadAheadThread>,
    /// The way from the first directory to where the module is.
    listings: Vec<Arc<Listing>>,
    /// Those of the last listing that the thread has handed over, in their order.
    taken: VecDeque<OpenedFile>,
}

impl ReadAhead {
    /// The module has got these entries of a directory.
    pub(in crate::sandbox) fn list(
        &mut self,
        folder: &Arc<OwnedFd>,
        path: &Path,
        entries: &[ListedEntry],
    ) {
        self.listings
            .retain(|above| above.path != path && path.starts_with(&above.path));
        self.taken.clear();
        let listing = Arc::new(Listing::new(folder, path, entries));
        if let Some(worker) = &self.worker {
            worker.begin(&listing);
        }
        self.listings.push(listing);
    }

    /// The module opens a file, itself and not what it may lead to: this is it, if it is there.
    /// Those behind it will probably be next.
    pub(in crate::sandbox) fn take(&mut self, path: &Path) -> Option<OpenFile> {
        let file = self.opened(path)?.file?;
        // What the module holds does not hold the bytes of its neighbours.
        let content = Bytes::copy_from_slice(&file.content);
        Some(OpenFile { content, ..file })
    }

    /// The same for a file that is still what was listed, and has content alone: its bytes are all there.
    pub(in crate::sandbox) fn take_plain(&mut self, path: &Path) -> Option<OpenFile> {
        let opened = self.opened(path)?;
        match opened.file {
            Some(file) if file.is_plain() => Some(file),
            file => {
                self.taken.push_front(OpenedFile { file, ..opened });
                None
            }
        }
    }

    fn opened(&mut self, path: &Path) -> Option<OpenedFile> {
        let (folder, name) = split(path)?;
        let is_there = |listing: &Arc<Listing>| listing.path.as_os_str().as_bytes() == folder;
        let at = self.listings.iter().rposition(is_there)?;
        if at + 1 < self.listings.len() {
            self.listings.truncate(at + 1);
            self.taken.clear();
        }
        let listing = &self.listings[at];
        let entry = listing.position(name)?;
        while self.taken.front().is_some_and(|file| file.entry < entry) {
            self.taken.pop_front();
        }
        if self.taken.is_empty() {
            if self.worker.is_none() {
                self.worker = Some(ReadAheadThread::start()?);
            }
            self.taken = self.worker.as_ref()?.take(listing, entry);
        }
        self.taken.pop_front_if(|file| file.entry == entry)
    }
}

/// A path's directory and its name there. By bytes: to compare what paths mean takes longer than to
/// open a file.
fn split(path: &Path) -> Option<(&[u8], &[u8])> {
    let path = path.as_os_str().as_bytes();
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    Some((&path[..slash.max(1)], &path[slash + 1..]))
}
