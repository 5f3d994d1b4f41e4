//! The backup that is being read back.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::bindings::restorer::sidecar::strategy::source;
use crate::{Command, Finished, Result};

pub(crate) use source::{feed, lay_out};

/// Pieces of 64 to 256 KiB cross the border fastest.
const BUFFER: u32 = 128 << 10;

/// A range of the backup, for reading and seeking; small reads are answered from a buffer.
#[derive(Debug, Clone)]
pub struct Source {
    start: u64,
    length: u64,
    position: u64,
    buffer: Vec<u8>,
    /// Where the buffer's first byte stands.
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

    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Where in the whole backup the next byte stands: for `target::make_file`.
    pub fn offset(&self) -> u64 {
        self.start + self.position
    }

    /// What is left of it becomes the standard input of a command.
    pub fn feed(&self, command: &Command) -> Result<Finished> {
        feed(
            command,
            self.offset(),
            self.length.saturating_sub(self.position),
        )
    }

    /// Bytes of the buffer that stand at the position and behind it.
    fn ready(&self) -> &[u8] {
        let skipped = self.position.checked_sub(self.buffered_at);
        skipped
            .and_then(|skipped| self.buffer.get(usize::try_from(skipped).ok()?..))
            .unwrap_or_default()
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready().is_empty() {
            let left = self.length.saturating_sub(self.position);
            let wanted = left.min(BUFFER.into()) as u32;
            self.buffer = match wanted {
                0 => Vec::new(),
                wanted => source::read(self.offset(), wanted)?,
            };
            self.buffered_at = self.position;
        }
        Ok(self.ready())
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
