//! The bytes that a run produces.

use std::io::{self, Write};

use crate::deflate::{self, Deflated, Facts};
use crate::imports::{artifact, changes, files, temp_dump};
use crate::runnable::Runnable;
use crate::types::{Failure, Finished, Result};

/// Writes of 64 to 256 KiB are fastest.
const BUFFER_SIZE: usize = 128 << 10;

/// The artifact, buffered: small writes are collected, and everything keeps its order.
pub struct Artifact {
    buffer: Vec<u8>,
}

impl Artifact {
    /// The artifact of the current run. [`export!`](crate::export) creates it for a strategy.
    #[allow(clippy::new_without_default, reason = "a run has one")]
    pub fn new() -> Self {
        Self {
            buffer: Vec::with_capacity(BUFFER_SIZE),
        }
    }

    /// Writes all of `bytes`.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_SIZE {
            self.flush_buffer()?;
        }
        if bytes.len() < BUFFER_SIZE {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        bytes.chunks(BUFFER_SIZE).try_for_each(artifact::write)
    }

    /// Appends exactly `length` bytes from the start of `file`, without them entering the module.
    /// Returns false if the file was shorter: the rest is zeros then, and the host has logged it.
    pub fn append_file(&mut self, file: &files::File, length: u64) -> Result<bool> {
        self.flush_buffer()?;
        artifact::append_file(file, length).map(|appended| !appended.short)
    }

    /// Appends `header` and behind it all of a small file, if the file is still what its listing said and has no extended
    /// attributes: the fastest way for many of them. Returns false if not, and nothing was appended.
    pub fn append_unchanged(&mut self, path: &[u8], header: &[u8]) -> Result<bool> {
        let before = self.buffer.len();
        self.buffer.extend_from_slice(header);
        let appended = changes::append_unchanged(path, &self.buffer)?;
        self.buffer.truncate(if appended { 0 } else { before });
        Ok(appended)
    }

    /// Appends a file that was deflated in advance.
    pub fn append_deflated(&mut self, deflated: Deflated) -> Result<()> {
        self.flush_buffer()?;
        deflate::append_deflated(deflated)
    }

    /// Appends exactly `length` bytes from the start of `file`, deflated at `level`; stored at 0.
    pub fn append_file_deflated(
        &mut self,
        file: &files::File,
        length: u64,
        level: u32,
    ) -> Result<Facts> {
        self.flush_buffer()?;
        deflate::append_file_deflated(file, length, level)
    }

    /// Runs a command or a program and appends its stdout while it is written.
    pub fn append_stdout(&mut self, command: &impl Runnable) -> Result<Finished> {
        self.flush_buffer()?;
        command.run_into_artifact()
    }

    /// Appends what the commands left in `SIDE_CAR_TEMP_DUMP`, and returns the number of bytes.
    pub fn append_temp_dump(&mut self) -> Result<u64> {
        self.flush_buffer()?;
        temp_dump::collect()
    }

    /// Bytes written so far, before compression.
    pub fn position(&self) -> u64 {
        artifact::position() + self.buffer.len() as u64
    }

    /// What `write` appends is a part called `name`: it can be fetched, checked and restored alone.
    pub fn part<T>(&mut self, name: &str, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.flush_buffer()?;
        artifact::begin_part(name)?;
        let written = write(self)?;
        self.flush_buffer()?;
        artifact::end_part()?;
        Ok(written)
    }

    pub(crate) fn flush_buffer(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            artifact::write(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl Write for Artifact {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer()
            .map_err(|failure: Failure| failure.into())
    }
}
