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
use std::sync::Arc;
use std::thread::Builder;

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, Stat, openat};
use rustix::io::{pread, retry_on_intr};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::directory::ListedEntry;
use super::open_file::OpenFile;
use crate::paths::{NO_LINK, attributes_of_file};

/// Files that are open at once and that the module has not asked for yet.
const WINDOW: usize = 32;
/// Files that are left to a module that has come up with the thread: side by side, both would open the same ones.
const LEAD: usize = 4;
/// Bytes of a file that is read as a whole.
const SMALL: u64 = 64 << 10;

/// What a module listed, and what of it is open.
#[derive(Default)]
pub(in crate::sandbox) struct ReadAhead {
    /// Started when the module first opens a file that it had listed before.
    worker: Option<ReadAheadThread>,
    /// The way from the first directory to where the module is.
    listings: Vec<Arc<Listing>>,
}

/// What a directory's listing said last.
struct Listing {
    folder: Arc<OwnedFd>,
    path: PathBuf,
    /// In the order of the listing: a name, and what was listed of it if it is a regular file's.
    entries: Vec<(Vec<u8>, Option<Stat>)>,
}

/// Ends its thread when it is dropped; does not wait for it, as a disk may be dead.
struct ReadAheadThread(Arc<SharedQueue>);

#[derive(Default)]
struct SharedQueue {
    queue: Mutex<FileQueue>,
    changed: Condvar,
}

#[derive(Default)]
struct FileQueue {
    listing: Option<Arc<Listing>>,
    /// The next entry to be opened.
    next: usize,
    /// Neighbours in the listing, from the first that was not asked for.
    opened: VecDeque<OpenSlot>,
    /// The thread waits until this is taken back.
    idle: bool,
    closed: bool,
}

struct OpenSlot {
    entry: usize,
    /// None as long as the thread is at it, and where it failed: the call that asks for it finds out why.
    file: Option<OpenFile>,
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
        let named = |entry: &ListedEntry| {
            let (name, is_file) = entry.name();
            (name.to_vec(), is_file.then_some(entry.facts))
        };
        let listing = Arc::new(Listing {
            folder: Arc::clone(folder),
            path: path.to_owned(),
            entries: entries.iter().map(named).collect(),
        });
        if let Some(worker) = &self.worker {
            let mut queue = worker.0.lock();
            queue.move_to(&listing);
            worker.0.wake(&mut queue);
        }
        self.listings.push(listing);
    }

    /// The module opens a file, itself and not what it may lead to: this is it, if it is there.
    /// Those behind it will probably be next.
    pub(in crate::sandbox) fn take(&mut self, path: &Path) -> Option<OpenFile> {
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
            self.worker = Some(ReadAheadThread::start()?);
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

impl ReadAheadThread {
    /// None where there can be no thread: then nothing is opened ahead.
    fn start() -> Option<Self> {
        let worker = Self(Arc::default());
        let shared = Arc::clone(&worker.0);
        let thread = Builder::new().name("read-ahead".to_owned());
        thread.spawn(move || shared.open_all()).ok()?;
        Some(worker)
    }

    /// The file, if it is open. A caller that would have to wait is faster by opening it itself.
    fn take(&self, listing: &Arc<Listing>, entry: usize) -> Option<OpenFile> {
        let mut queue = self.0.lock();
        queue.move_to(listing);
        queue.next = queue.next.max(entry + 1);
        // What the module has left out it does not want.
        while queue.opened.front().is_some_and(|slot| slot.entry < entry) {
            queue.opened.pop_front();
        }
        let slot = queue.opened.pop_front_if(|slot| slot.entry == entry);
        if slot.as_ref().is_some_and(|slot| slot.file.is_none()) {
            queue.next = queue.next.max(entry + 1 + LEAD);
        }
        // Awake for many files at once.
        if queue.opened.len() <= WINDOW / 2 {
            self.0.wake(&mut queue);
        }
        slot?.file
    }
}

impl Drop for ReadAheadThread {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.opened.clear();
        self.0.wake(&mut queue);
    }
}

impl SharedQueue {
    /// The thread: opens what comes next until the run has ended.
    fn open_all(&self) {
        let mut queue = self.lock();
        while !queue.closed {
            let Some((listing, entry)) = queue.begin() else {
                queue.idle = true;
                self.idle(&mut queue);
                continue;
            };
            drop(queue);
            let file = listing.open(entry);
            queue = self.lock();
            // It is not wanted any more if its place is gone.
            if queue.is_at(&listing)
                && let Some(slot) = queue.opened.back_mut().filter(|slot| slot.entry == entry)
            {
                slot.file = file;
            }
        }
    }

    fn wake(&self, queue: &mut FileQueue) {
        if std::mem::take(&mut queue.idle) {
            self.changed.notify_one();
        }
    }

    fn idle(&self, queue: &mut MutexGuard<'_, FileQueue>) {
        self.changed.wait_while(queue, |queue| queue.idle);
    }

    fn lock(&self) -> MutexGuard<'_, FileQueue> {
        self.queue.lock()
    }
}

impl FileQueue {
    fn is_at(&self, listing: &Arc<Listing>) -> bool {
        let current = self.listing.as_ref();
        current.is_some_and(|current| Arc::ptr_eq(current, listing))
    }

    fn move_to(&mut self, listing: &Arc<Listing>) {
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
        let (_, file) = listing.entries.get(self.next)?;
        if file.is_none() || self.opened.len() >= WINDOW {
            return None;
        }
        let begun = (Arc::clone(listing), self.next);
        self.opened.push_back(OpenSlot {
            entry: self.next,
            file: None,
        });
        self.next += 1;
        Some(begun)
    }
}

impl Listing {
    fn open(&self, entry: usize) -> Option<OpenFile> {
        let (name, listed) = &self.entries[entry];
        let (name, listed) = (OsStr::from_bytes(name), listed.as_ref()?);
        let file = openat(&self.folder, name, NO_LINK, Mode::empty()).ok()?;
        // Read first: one look then says what it is, and that nothing has changed since it was listed.
        let content = read_small(&file, listed).ok()?;
        let mut file = OpenFile::new(file, self.path.join(name)).ok()?;
        file.attributes = attributes_of_file(&file.file).ok();
        // What has changed is read again, by the module.
        if content.len() as u64 == file.size() && moment(listed) == moment(&file.facts) {
            file.read_at_once = !content.is_empty();
            file.content = content;
        }
        Some(file)
    }
}

/// The content of a file that was listed as a small one, at most as many bytes as it had then.
#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
fn read_small(file: &OwnedFd, listed: &Stat) -> rustix::io::Result<Vec<u8>> {
    let size = listed.st_size as u64;
    if !(1..=SMALL).contains(&size) {
        return Ok(Vec::new());
    }
    let mut content = Vec::with_capacity(size as usize);
    retry_on_intr(|| pread(file, spare_capacity(&mut content), 0))?;
    Ok(content)
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
