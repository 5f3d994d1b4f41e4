//! Files deflated for the entries of a zip: the module writes the headers, the host the bytes.
//!
//! A file of up to [`WHOLE`] bytes is prepared ahead by a thread of the pool, so that its header can
//! say how long it is. A longer one streams in blocks that all cores work on; what is known of it
//! at its end belongs in a data descriptor.

mod stream;
#[cfg(test)]
mod tests;
mod whole;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::threads::{self, CompressionPool, PendingResult};

/// The longest file that is prepared in memory, in bytes.
pub const WHOLE: u64 = 4 << 20;

/// What may lie prepared at most, in bytes of input: one longest file for each core and one more to
/// take away, but not more than this.
const ROOM: u64 = 32 << 20;

/// What even an empty file takes of it, for it holds a handle until it was read.
const LEAST: u64 = 128 << 10;

/// How the bytes of an entry are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryMethod {
    /// As they are: level 0, or deflate would not have made them fewer.
    Stored,
    /// Deflated.
    Deflated,
}

impl EntryMethod {
    /// The number in a zip's headers.
    pub fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// What an entry's headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// How the bytes are stored.
    pub method: EntryMethod,
    /// Of the bytes before compression.
    pub crc32: u32,
    /// Bytes before compression: exactly what was promised.
    pub length: u64,
    /// Bytes in the archive.
    pub compressed_length: u64,
    /// Bytes that came from the file; the rest is zeros.
    pub from_file: u64,
}

/// Which side of a stream failed.
#[derive(Debug)]
pub enum Failed {
    /// Reading the file.
    Read(io::Error),
    /// Writing what became of it.
    Write(io::Error),
}

/// Deflates files on all cores. Dropping it ends its threads.
pub struct Deflater {
    pool: CompressionPool<Workbench>,
    room: Arc<AtomicU64>,
}

/// What each thread keeps from file to file.
#[derive(Default)]
struct Workbench {
    whole: whole::WholeCompressor,
    stream: stream::StreamCompressor,
}

impl Deflater {
    /// Starts the threads.
    pub fn new() -> io::Result<Self> {
        let room = ROOM.min((1 + threads::cores() as u64) * WHOLE);
        Ok(Self {
            pool: CompressionPool::new("deflate", Workbench::default)?,
            room: Arc::new(AtomicU64::new(room)),
        })
    }

    /// Has exactly `length` bytes of `file` deflated while the caller goes on; at level 0, only
    /// read. Levels are 0 to 9, and more is 9.
    ///
    /// `None` means that there is no room: as much is prepared as memory is meant for, or the file
    /// is longer than [`WHOLE`]. When nothing is prepared, there is room for one such file.
    pub fn prepare(
        &self,
        file: impl Read + Send + 'static,
        length: u64,
        level: u32,
    ) -> Option<Prepared> {
        if length > WHOLE {
            return None;
        }
        let room = Room::take(&self.room, length.max(LEAST))?;
        let job = self
            .pool
            .run(move |bench| whole::deflate(&mut bench.whole, file, length, level.min(9)));
        Some(Prepared { job, room })
    }

    /// Deflates exactly `length` bytes of `file` into `sink`, in order, as one raw stream; at level
    /// 0, copies them. Memory is bounded by the number of cores.
    pub fn stream(
        &self,
        file: impl Read,
        length: u64,
        level: u32,
        sink: impl Write,
    ) -> Result<Facts, Failed> {
        match level.min(9) {
            0 => stream::copy(file, length, sink),
            level => stream::deflate(&self.pool, file, length, level, sink),
        }
    }
}

/// A file that is being deflated, or was. It takes room until it is dropped.
pub struct Prepared {
    job: PendingResult<io::Result<(Facts, Vec<u8>)>>,
    room: Room,
}

impl Prepared {
    /// Waits until it is done. An error is that of reading the file.
    pub fn wait(self) -> io::Result<DeflatedBytes> {
        let (facts, bytes) = self.job.wait()??;
        Ok(DeflatedBytes {
            facts,
            bytes,
            _room: self.room,
        })
    }
}

/// An entry's bytes and what its headers say of them.
pub struct DeflatedBytes {
    /// For the headers.
    pub facts: Facts,
    /// What follows the local header.
    pub bytes: Vec<u8>,
    _room: Room,
}

/// A share of the memory; dropping it gives it back.
struct Room {
    left: Arc<AtomicU64>,
    taken: u64,
}

impl Room {
    fn take(left: &Arc<AtomicU64>, wanted: u64) -> Option<Self> {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(wanted)
        })
        .ok()?;
        Some(Self {
            left: left.clone(),
            taken: wanted,
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.left.fetch_add(self.taken, Ordering::Relaxed);
    }
}

/// Fills `buffer` from `file`, with zeros after its end; returns how much came from the file.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer[filled..].fill(0);
    Ok(filled)
}
