//! The backup that is being restored.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::bindings::restorer::sidecar::strategy::source;
use crate::runnable::Runnable;
use crate::types::{Finished, Result};

pub(crate) use source::lay_out;

/// Reads of 64 to 256 KiB are fastest.
const BUFFER_SIZE: u32 = 128 << 10;

/// A range of the backup, for reading and seeking; small reads are buffered.
#[derive(Debug, Clone)]
pub struct Source {
    start: u64,
    length: u64,
    position: u64,
    buffer: Vec<u8>,
    /// The position of the buffer's first byte.
    buffered_at: u64,
}

impl Source {
    /// The whole backup.
    pub fn whole() -> Self {
        Self::new(0, source::size())
    }

    /// `length` bytes from `offset` of the backup.
    pub fn new(offset: u64, length: u64) -> Self {
        Self {
            start: offset,
            length,
            position: 0,
            buffer: Vec::new(),
            buffered_at: 0,
        }
    }

    /// Length of the range in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The offset of the next byte in the whole backup: for `target::make_file`.
    pub fn offset(&self) -> u64 {
        self.start + self.position
    }

    /// Runs a command or a program with the rest of the range as its standard input.
    pub fn feed(&self, command: &impl Runnable) -> Result<Finished> {
        command.feed(self.offset(), self.length.saturating_sub(self.position))
    }

    /// The bytes of the buffer from the position on.
    fn buffered(&self) -> &[u8] {
        let skipped = self.position.checked_sub(self.buffered_at);
        skipped
            .and_then(|skipped| self.buffer.get(usize::try_from(skipped).ok()?..))
            .unwrap_or_default()
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty() {
            let left = self.length.saturating_sub(self.position);
            let length = left.min(BUFFER_SIZE.into()) as u32;
            self.buffer = match length {
                0 => Vec::new(),
                length => source::read(self.offset(), length)?,
            };
            self.buffered_at = self.position;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
    }
}

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(bytes)?;
        self.consume(read);
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
