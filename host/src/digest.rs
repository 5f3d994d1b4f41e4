//! How much it is, and its SHA-256.

use std::fmt;
use std::io::Read;

use sha2::{Digest as _, Sha256};

/// Bytes read at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// A SHA-256, printed as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// What came by.
pub(crate) struct Measured {
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
}

/// Measures what comes by.
#[derive(Default)]
pub(crate) struct DigestMeter {
    size: u64,
    hash: Sha256,
}

impl DigestMeter {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hash.update(bytes);
    }

    pub(crate) fn done(self) -> Measured {
        Measured {
            size: self.size,
            sha256: Digest(self.hash.finalize().into()),
        }
    }
}

impl Digest {
    /// Of everything that `source` has.
    pub fn of(source: &mut impl Read) -> std::io::Result<Self> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER_SIZE];
        loop {
            match source.read(&mut buffer)? {
                0 => return Ok(Self(hash.finalize().into())),
                read => hash.update(&buffer[..read]),
            }
        }
    }

    /// Of bytes in memory.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
