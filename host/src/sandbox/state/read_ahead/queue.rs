//! What one thread opens for another, in the order of a listing and several files at once: to hand over each alone
//! takes as long as to open it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::listing::{Listing, OpenedFile};

/// Files that wait for the module at most, before the thread opens no more.
const WINDOW: usize = 32;
/// How long the module waits for files that the thread is at. A disk that takes longer is asked by the module's own
/// thread, which a cancel reaches.
const WAIT_LIMIT: Duration = Duration::from_millis(10);

/// The thread that opens them. Ends when this is dropped, which does not wait for it, as a disk may be dead.
pub(super) struct ReadAheadThread(Arc<SharedQueue>);

#[derive(Default)]
struct SharedQueue {
    queue: Mutex<FileQueue>,
    /// There is more to open, or an end.
    more: Condvar,
    /// What was in flight is open.
    opened: Condvar,
}

#[derive(Default)]
struct FileQueue {
    listing: Option<Arc<Listing>>,
    /// The next entry to be opened.
    next: usize,
    /// Those that the thread is at.
    in_flight: Range<usize>,
    /// In the order of the listing.
    opened: VecDeque<OpenedFile>,
    /// The thread waits until this is taken back.
    idle: bool,
    closed: bool,
}

impl ReadAheadThread {
    /// None where there can be no thread: then nothing is opened ahead.
    pub(super) fn start() -> Option<Self> {
        let worker = Self(Arc::default());
        let shared = Arc::clone(&worker.0);
        let thread = Builder::new().name("read-ahead".to_owned());
        thread.spawn(move || shared.open_all()).ok()?;
        Some(worker)
    }

    /// Begins with the first entry of a listing, and forgets what it has of another one.
    pub(super) fn begin(&self, listing: &Arc<Listing>) {
        let mut queue = self.0.queue.lock();
        queue.move_to(listing);
        self.0.wake(&mut queue);
    }

    /// What is open from `entry` on, unless nothing is: then the thread goes on behind that entry.
    pub(super) fn take(&self, listing: &Arc<Listing>, entry: usize) -> VecDeque<OpenedFile> {
        let mut queue = self.0.queue.lock();
        queue.move_to(listing);
        let is_at_it = |queue: &mut FileQueue| queue.in_flight.contains(&entry);
        // Whether it came in time is seen below.
        let _ = self
            .0
            .opened
            .wait_while_for(&mut queue, is_at_it, WAIT_LIMIT);
        let mut taken = std::mem::take(&mut queue.opened);
        // What the module has left out it does not want.
        while taken.front().is_some_and(|opened| opened.entry < entry) {
            taken.pop_front();
        }
        queue.next = queue.next.max(entry + 1);
        self.0.wake(&mut queue);
        taken
    }

    /// Waits until all is open that there is room for.
    #[cfg(test)]
    pub(super) fn wait_until_idle(&self) {
        while !self.0.queue.lock().idle {
            std::thread::yield_now();
        }
    }

    /// One whose thread does not come back from these entries.
    #[cfg(test)]
    pub(super) fn stuck_at(listing: &Arc<Listing>, entries: Range<usize>) -> Self {
        let worker = Self(Arc::default());
        let mut queue = worker.0.queue.lock();
        queue.move_to(listing);
        queue.in_flight = entries;
        drop(queue);
        worker
    }

    /// How many files are open that were not taken.
    #[cfg(test)]
    pub(super) fn opened(&self) -> usize {
        self.0.queue.lock().opened.len()
    }
}

impl Drop for ReadAheadThread {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        queue.opened.clear();
        self.0.wake(&mut queue);
    }
}

impl SharedQueue {
    /// The thread: opens what comes next until the run has ended.
    fn open_all(&self) {
        let mut queue = self.queue.lock();
        while !queue.closed {
            let Some((listing, entries)) = queue.begin() else {
                queue.idle = true;
                self.more.wait_while(&mut queue, |queue| queue.idle);
                continue;
            };
            drop(queue);
            let files = listing.open(entries.clone());
            queue = self.queue.lock();
            // They are not wanted any more if the module is elsewhere.
            if queue.is_at(&listing) && queue.in_flight == entries {
                queue.opened.extend(files);
                queue.in_flight = 0..0;
            }
            self.opened.notify_one();
        }
    }

    fn wake(&self, queue: &mut FileQueue) {
        if std::mem::take(&mut queue.idle) {
            self.more.notify_one();
        }
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
            self.in_flight = 0..0;
            self.listing = Some(Arc::clone(listing));
            self.next = 0;
        }
    }

    /// The next files to open, if there are some and room for them.
    fn begin(&mut self) -> Option<(Arc<Listing>, Range<usize>)> {
        let listing = self.listing.as_ref()?;
        if self.opened.len() >= WINDOW {
            return None;
        }
        let files = listing.files_from(self.next);
        if files.is_empty() {
            return None;
        }
        self.next = files.end;
        self.in_flight = files.clone();
        Some((Arc::clone(listing), files))
    }
}
