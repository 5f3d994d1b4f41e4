//! Buffers that are used again, so that a stream of any length needs the memory of a few.

use parking_lot::Mutex;
use std::sync::Arc;

/// How much a buffer holds: large enough for few hand-overs, small enough for the processor's cache.
pub(super) const BUFFER: usize = 256 * 1024;
/// More than the channels can hold at once is not worth its memory.
const MOST_BUFFERS: usize = 32;

/// Gives out empty buffers with room for [`BUFFER`] bytes and takes them back.
#[derive(Clone, Default)]
pub(super) struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    pub(super) fn take(&self) -> Vec<u8> {
        self.lock()
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    pub(super) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut free = self.lock();
        if free.len() < MOST_BUFFERS && buffer.capacity() >= BUFFER {
            buffer.clear();
            free.push(buffer);
        }
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock()
    }
}
