//! Pieces of a file on their way into a body, in buffers that are used again.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustix::io::{ReadWriteFlags, preadv2};

/// How much is read at once: each body has at most three of these in memory.
pub(super) const CHUNK: u64 = 256 * 1024;

/// The buffers of one body.
#[derive(Clone, Default)]
pub(super) struct Chunks(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes home when nobody needs it any more.
struct Chunk {
    buffer: Vec<u8>,
    length: usize,
    home: Chunks,
}

impl Chunks {
    /// Reads `length` bytes, at most [`CHUNK`], from `position`. What was written a moment ago is in
    /// memory, and is taken from there without another thread.
    pub(super) async fn read(
        &self,
        file: &Arc<File>,
        position: u64,
        length: usize,
    ) -> io::Result<Bytes> {
        let mut chunk = self.take(length);
        let mut now = [IoSliceMut::new(&mut chunk.buffer[..length])];
        if preadv2(file, &mut now, position, ReadWriteFlags::NOWAIT) == Ok(length) {
            return Ok(Bytes::from_owner(chunk));
        }
        let file = file.clone();
        let read = tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut chunk.buffer[..length], position)
                .map(|()| Bytes::from_owner(chunk))
        });
        read.await.map_err(io::Error::other)?
    }

    fn take(&self, length: usize) -> Chunk {
        let spare = self.lock().pop();
        Chunk {
            buffer: spare.unwrap_or_else(|| vec![0; CHUNK as usize]),
            length,
            home: self.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.home.lock().push(buffer);
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
        let chunks = Chunks::default();
        for _ in 0..3 {
            let first = chunks.read(&file, 0, 4).await.unwrap();
            let second = chunks.read(&file, 4, 6).await.unwrap();
            assert_eq!((&first[..], &second[..]), (&b"0123"[..], &b"456789"[..]));
        }
        assert_eq!(chunks.lock().len(), 2);
    }

    #[tokio::test]
    async fn less_than_was_asked_for_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "short").unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let error = Chunks::default().read(&file, 0, 6).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
