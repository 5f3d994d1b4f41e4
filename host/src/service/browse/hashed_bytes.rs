//! Bytes that are hashed on their way to a reader.

use std::io::{self, Read};
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::artifact::archive::ArchiveSource;
use crate::artifact::{manifest, read_error};
use crate::error::Result;

/// All bytes of a backup, of which a reader may leave out the end.
#[derive(Clone)]
pub(super) struct HashedBytes(Arc<Mutex<HashedReader>>);

struct HashedReader {
    from: Box<dyn Read + Send>,
    hash: Sha256,
    size: u64,
}

impl HashedBytes {
    pub(super) fn new(from: Box<dyn Read + Send>) -> Self {
        Self(Arc::new(Mutex::new(HashedReader {
            from,
            hash: Sha256::new(),
            size: 0,
        })))
    }

    /// The bytes in their order.
    pub(super) fn source(&self) -> ArchiveSource {
        ArchiveSource::stream(Box::new(self.clone()))
    }

    /// Reads what is left, and returns the size and digest of all.
    pub(super) fn measure(mut self) -> Result<(u64, manifest::Sha256)> {
        io::copy(&mut self, &mut io::sink()).map_err(read_error)?;
        let reader = self.0.lock();
        Ok((reader.size, manifest::Sha256::of(reader.hash.clone())))
    }
}

impl Read for HashedBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut reader = self.0.lock();
        let read = reader.from.read(buffer)?;
        reader.hash.update(&buffer[..read]);
        reader.size += read as u64;
        Ok(read)
    }
}
