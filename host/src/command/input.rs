//! What a command reads, given to it as fast as it takes it.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::{Error, Result};

/// Few and large pieces: what Linux grants to everyone.
pub(super) const PIPE_SIZE: usize = 1 << 20;
/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Our end of a command's standard input; it never waits.
pub(super) struct Input<'a> {
    pipe: OwnedFd,
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// Bytes of the buffer that the command has.
    taken: usize,
}

impl<'a> Input<'a> {
    /// Returns also the command's end.
    pub(super) fn open(source: &'a mut dyn Read) -> std::io::Result<(Self, OwnedFd)> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&write, true)?;
        // Refused when the user has too many large pipes: the default works, slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&write, PIPE_SIZE);
        let input = Self {
            pipe: write,
            source,
            buffer: Vec::new(),
            taken: 0,
        };
        Ok((input, read))
    }

    /// Gives what fits into the pipe. Returns itself unless that was all, or the command wants no
    /// more: whether that was right, its exit code says.
    pub(super) fn push(mut self) -> Result<Option<Self>> {
        loop {
            if self.taken == self.buffer.len() && !self.fill()? {
                return Ok(None);
            }
            match rustix::io::write(&self.pipe, &self.buffer[self.taken..]) {
                Ok(written) => self.taken += written,
                Err(Errno::AGAIN) => return Ok(Some(self)),
                Err(Errno::INTR) => {}
                Err(Errno::PIPE) => return Ok(None),
                Err(error) => return Err(failed("give a command its input", &error)),
            }
        }
    }

    /// Whether there is more.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.resize(BUFFER, 0);
        let read = self.source.read(&mut self.buffer);
        let read = read.map_err(|error| failed("read the input of a command", &error))?;
        self.buffer.truncate(read);
        self.taken = 0;
        Ok(read > 0)
    }
}

impl AsFd for Input<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

fn failed(doing: &str, error: &dyn std::fmt::Display) -> Error {
    Error::run("io", format!("cannot {doing}: {error}"))
}
