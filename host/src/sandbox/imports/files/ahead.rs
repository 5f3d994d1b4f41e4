//! Files that are open before the module asks for them: while it is at one entry of a listing,
//! another thread opens the next ones and reads those that are small. So a disk always has something
//! to do, and two cores share the work that many small files are.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, openat};
use rustix::io::{pread, retry_on_intr};

use super::OpenFile;
use crate::sandbox::bindings::sidecar::strategy::files::Entry;
use crate::sandbox::imports::access::NO_LINK;

/// Files that are open at once and that nobody has asked for yet.
const WINDOW: usize = 32;
/// Bytes of a file that is read as a whole.
const SMALL: u64 = 64 << 10;

/// What a module listed, and what of it is open.
#[derive(Default)]
pub(crate) struct Ahead {
    /// There once the module has opened a file that it had listed before.
    worker: Option<Worker>,
    /// The way from the first directory to where the module is.
    listings: Vec<Arc<Listing>>,
}

/// What a directory's listing said last.
struct Listing {
    folder: Arc<OwnedFd>,
    path: PathBuf,
    /// In the order of the listing: a name, and whether it is a regular file's.
    entries: Vec<(Vec<u8>, bool)>,
}

/// Ends its thread when it is dropped; does not wait for it, as a disk may be dead.
struct Worker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Default)]
struct Work {
    listing: Option<Arc<Listing>>,
    /// The next entry to be opened.
    next: usize,
    /// Neighbours in the listing, from the first that was not asked for.
    opened: VecDeque<Slot>,
    /// The thread waits until this is taken back.
    idle: bool,
    closed: bool,
}

struct Slot {
    entry: usize,
    /// None as long as the thread is at it, and where it failed: whoever asks finds out why.
    file: Option<OpenFile>,
}

impl Ahead {
    /// The module has got these entries of a directory.
    pub(super) fn list(&mut self, folder: &Arc<OwnedFd>, path: &Path, entries: &[Entry]) {
        self.listings
            .retain(|above| above.path != path && path.starts_with(&above.path));
        let named = |entry: &Entry| {
            let name = entry.path.rsplit(|byte| *byte == b'/').next();
            (name.unwrap_or_default().to_vec(), entry.kind == "file")
        };
        let listing = Arc::new(Listing {
            folder: Arc::clone(folder),
            path: path.to_owned(),
            entries: entries.iter().map(named).collect(),
        });
        if let Some(worker) = &self.worker {
            let mut work = worker.0.lock();
            work.turn_to(&listing);
            worker.0.wake(&mut work);
        }
        self.listings.push(listing);
    }

    /// The module opens a file, itself and not what it may lead to: this is it, if it is there.
    /// Those behind it will probably be next.
    pub(super) fn take(&mut self, path: &Path) -> Option<OpenFile> {
        let (folder, name) = split(path)?;
        let is_there = |listing: &Arc<Listing>| listing.path.as_os_str().as_bytes() == folder;
        let at = self.listings.iter().rposition(is_there)?;
        self.listings.truncate(at + 1);
        let listing = &self.listings[at];
        let entry = listing
            .entries
            .binary_search_by(|(known, _)| known.as_slice().cmp(name))
            .ok()?;
        if self.worker.is_none() {
            self.worker = Some(Worker::start()?);
        }
        self.worker.as_ref()?.take(listing, entry)
    }
}

/// A path's directory and its name there. By bytes: to compare what paths mean takes longer than to
/// open a file.
fn split(path: &Path) -> Option<(&[u8], &[u8])> {
    let path = path.as_os_str().as_bytes();
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    Some((&path[..slash.max(1)], &path[slash + 1..]))
}

impl Worker {
    /// None where there can be no thread: then nothing is opened ahead.
    fn start() -> Option<Self> {
        let worker = Self(Arc::default());
        let shared = Arc::clone(&worker.0);
        let thread = Builder::new().name("read-ahead".to_owned());
        thread.spawn(move || shared.open_all()).ok()?;
        Some(worker)
    }

    /// The file, if it is open. Who has to wait for it is faster by opening it himself.
    fn take(&self, listing: &Arc<Listing>, entry: usize) -> Option<OpenFile> {
        let mut work = self.0.lock();
        work.turn_to(listing);
        work.next = work.next.max(entry + 1);
        // What the module has left out it does not want.
        while work.opened.front().is_some_and(|slot| slot.entry < entry) {
            work.opened.pop_front();
        }
        let slot = work.opened.pop_front_if(|slot| slot.entry == entry);
        // Awake for many files at once.
        if work.opened.len() <= WINDOW / 2 {
            self.0.wake(&mut work);
        }
        slot?.file
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut work = self.0.lock();
        work.closed = true;
        work.opened.clear();
        self.0.wake(&mut work);
    }
}

impl Shared {
    /// The thread: opens what comes next until nobody wants any more.
    fn open_all(&self) {
        let mut work = self.lock();
        while !work.closed {
            let Some((listing, entry)) = work.begin() else {
                work.idle = true;
                work = self.idle(work);
                continue;
            };
            drop(work);
            let file = listing.open(entry);
            work = self.lock();
            // Nobody wants it any more if its place is gone.
            if work.is_at(&listing)
                && let Some(slot) = work.opened.back_mut().filter(|slot| slot.entry == entry)
            {
                slot.file = file;
            }
        }
    }

    fn wake(&self, work: &mut Work) {
        if std::mem::take(&mut work.idle) {
            self.changed.notify_one();
        }
    }

    fn idle<'w>(&self, work: MutexGuard<'w, Work>) -> MutexGuard<'w, Work> {
        let woken = self.changed.wait_while(work, |work| work.idle);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    fn is_at(&self, listing: &Arc<Listing>) -> bool {
        let current = self.listing.as_ref();
        current.is_some_and(|current| Arc::ptr_eq(current, listing))
    }

    fn turn_to(&mut self, listing: &Arc<Listing>) {
        if !self.is_at(listing) {
            self.opened.clear();
            self.listing = Some(Arc::clone(listing));
            self.next = 0;
        }
    }

    /// The next file to open, if there is one and room for it. Behind a directory nothing is
    /// opened: the module will go into it first.
    fn begin(&mut self) -> Option<(Arc<Listing>, usize)> {
        let listing = self.listing.as_ref()?;
        let (_, is_file) = listing.entries.get(self.next)?;
        if !is_file || self.opened.len() >= WINDOW {
            return None;
        }
        let begun = (Arc::clone(listing), self.next);
        self.opened.push_back(Slot {
            entry: self.next,
            file: None,
        });
        self.next += 1;
        Some(begun)
    }
}

impl Listing {
    fn open(&self, entry: usize) -> Option<OpenFile> {
        let name = OsStr::from_bytes(&self.entries[entry].0);
        let file = openat(&self.folder, name, NO_LINK, Mode::empty()).ok()?;
        let mut file = OpenFile::new(file, self.path.join(name)).ok()?;
        let size = file.size();
        if (1..=SMALL).contains(&size) {
            let mut content = Vec::with_capacity(size as usize);
            retry_on_intr(|| pread(&file.file, spare_capacity(&mut content), 0)).ok()?;
            file.content = content;
        }
        Some(file)
    }
}
