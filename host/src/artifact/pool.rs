//! Buffers that are used again, so that a stream of any length needs the memory of a few.

use std::sync::{Arc, Mutex};

/// How much a buffer holds: large enough for few hand-overs, small enough for the processor's cache.
pub(super) const BUFFER: usize = 256 * 1024;
/// More than the channels can hold at once is not worth keeping.
const KEPT: usize = 32;

/// Gives out empty buffers with room for [`BUFFER`] bytes and takes them back.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    pub(super) fn take(&self) -> Vec<u8> {
        self.lock()
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    pub(super) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut kept = self.lock();
        if kept.len() < KEPT && buffer.capacity() >= BUFFER {
            buffer.clear();
            kept.push(buffer);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
