//! Parts of a file on their way into a body, in buffers that are used again.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::io::{ReadWriteFlags, preadv2};

/// How much is read at once: each body has at most three of these in memory.
pub(super) const CHUNK_SIZE: u64 = 256 * 1024;

/// The buffers of one body.
#[derive(Clone, Default)]
pub(super) struct BodyBuffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back to the others when it has been sent.
struct BodyBuffer {
    bytes: Vec<u8>,
    length: usize,
    owner: BodyBuffers,
}

impl BodyBuffers {
    /// Reads `length` bytes, at most [`CHUNK_SIZE`], from `position`. What was written a moment ago is in
    /// memory, and is read from there without another thread.
    pub(super) async fn read(
        &self,
        file: &Arc<File>,
        position: u64,
        length: usize,
    ) -> io::Result<Bytes> {
        let mut buffer = self.take(length);
        let mut now = [IoSliceMut::new(&mut buffer.bytes[..length])];
        if preadv2(file, &mut now, position, ReadWriteFlags::NOWAIT) == Ok(length) {
            return Ok(Bytes::from_owner(buffer));
        }
        let file = file.clone();
        let read = tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut buffer.bytes[..length], position)
                .map(|()| Bytes::from_owner(buffer))
        });
        read.await.map_err(io::Error::other)?
    }

    fn take(&self, length: usize) -> BodyBuffer {
        let spare = self.0.lock().pop();
        BodyBuffer {
            bytes: spare.unwrap_or_else(|| vec![0; CHUNK_SIZE as usize]),
            length,
            owner: self.clone(),
        }
    }
}

impl AsRef<[u8]> for BodyBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for BodyBuffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.owner.0.lock().push(bytes);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn buffers_are_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "0123456789").unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let buffers = BodyBuffers::default();
        for _ in 0..3 {
            let first = buffers.read(&file, 0, 4).await.unwrap();
            let second = buffers.read(&file, 4, 6).await.unwrap();
            assert_eq!((&first[..], &second[..]), (&b"0123"[..], &b"456789"[..]));
        }
        assert_eq!(buffers.0.lock().len(), 2);
    }

    #[tokio::test]
    async fn less_than_was_asked_for_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "short").unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let error = BodyBuffers::default().read(&file, 0, 6).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
