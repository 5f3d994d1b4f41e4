//! What a command reads and writes, while it does: all streams in one thread, none waits for another.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::input::{Input, PIPE_SIZE};
use super::log::LogLines;
use super::stdio::{Sink, Stdout};
use crate::cancel::{self, Cancel};
use crate::error::{Error, Result};

/// How long bytes wait for more to come, before they are handed on in a buffer that is not full.
const BUFFER_TIMEOUT: Duration = Duration::from_millis(2);
/// What is still read of a log after the shell's end, at most: another process may go on writing.
const LAST_OUTPUT: usize = 1 << 20;

/// Both ends of a pipe for a child's output; ours never waits.
pub(super) fn pipe(large: bool) -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&read, true)?;
    if large {
        // Refused when the user has too many large pipes: the default works, slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&read, PIPE_SIZE);
    }
    Ok((read, write))
}

/// The streams of a running command.
pub(super) struct Streams<'a> {
    /// Gone when it was given all, or wants no more.
    stdin: Option<Input<'a>>,
    stdout: Option<OwnedFd>,
    to: To<'a>,
    stderr: Option<OwnedFd>,
    log: LogLines,
}

/// Which of them can be read or written.
struct Ready {
    stdin: bool,
    stdout: bool,
    stderr: bool,
    exit: bool,
}

enum To<'a> {
    Log(LogLines),
    Sink {
        sink: &'a mut dyn Sink,
        bytes: u64,
        due: Option<Instant>,
    },
}

impl<'a> Streams<'a> {
    pub(super) fn new(
        stdin: Option<Input<'a>>,
        stdout: OwnedFd,
        to: Stdout<'a>,
        stderr: OwnedFd,
    ) -> Self {
        let to = match to {
            Stdout::Log => To::Log(LogLines::new("stdout")),
            Stdout::Into(sink) => To::Sink {
                sink,
                bytes: 0,
                due: None,
            },
        };
        Self {
            stdin,
            stdout: Some(stdout),
            to,
            stderr: Some(stderr),
            log: LogLines::new("stderr"),
        }
    }

    /// Takes everything until the shell has exited, and, as a shell's pipe does, until the last
    /// process has closed a captured stdout.
    pub(super) fn pump(&mut self, exited: BorrowedFd<'_>, cancel: &Cancel) -> Result<()> {
        let mut running = true;
        while running || (self.is_captured() && self.stdout.is_some()) {
            let ready = self.wait(running.then_some(exited), cancel)?;
            let (stdout, stderr, exit) = (ready.stdout, ready.stderr, ready.exit);
            cancel.check()?;
            if let Some(input) = self.stdin.take_if(|_| exit || ready.stdin)
                && !exit
            {
                self.stdin = input.push()?;
            }
            if stderr {
                read_lines(&mut self.stderr, &mut self.log)?;
            }
            if stdout {
                match &mut self.to {
                    To::Log(lines) => {
                        read_lines(&mut self.stdout, lines)?;
                    }
                    To::Sink { sink, bytes, due } => {
                        read_into(&mut self.stdout, *sink, bytes, due)?;
                    }
                }
            }
            if let To::Sink { sink, due, .. } = &mut self.to
                && due.is_some_and(|due| due <= Instant::now())
            {
                sink.flush()?;
                *due = None;
            }
            running &= !exit;
        }
        Ok(())
    }

    /// Waits until a stream or the exit has something to tell.
    fn wait(&self, exited: Option<BorrowedFd<'_>>, cancel: &Cancel) -> Result<Ready> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        let (read, write) = (PollFlags::IN, PollFlags::OUT);
        // What is closed is replaced by what is waited for anyway.
        let mut fds = [
            (stdin, write),
            (stdout, read),
            (stderr, read),
            (exited, read),
            (None, read),
        ]
        .map(|(fd, flags)| match fd {
            Some(fd) => PollFd::from_borrowed_fd(fd, flags),
            None => PollFd::from_borrowed_fd(cancel.fd(), read),
        });
        let due = match &self.to {
            To::Sink { due, .. } => *due,
            To::Log(_) => None,
        };
        cancel::poll(&mut fds, due)?;
        let [stdin, stdout, stderr, exit, _] = fds.map(|fd| !fd.revents().is_empty());
        Ok(Ready {
            stdin,
            stdout,
            stderr,
            exit,
        })
    }

    /// Its stdout is not read any more, and it gets no more input: a command that still writes gets
    /// SIGPIPE, and one that still reads meets an end.
    pub(super) fn close(&mut self) {
        self.stdin = None;
        self.stdout = None;
    }

    /// The last output, when all that could write has ended: bytes of stdout, tail of stderr.
    pub(super) fn finish(mut self) -> Result<(u64, String)> {
        drain(&mut self.stderr, &mut self.log)?;
        self.log.finish();
        let bytes = match &mut self.to {
            To::Log(lines) => {
                drain(&mut self.stdout, lines)?;
                lines.finish();
                lines.bytes
            }
            To::Sink { bytes, .. } => *bytes,
        };
        Ok((bytes, self.log.tail()))
    }

    fn is_captured(&self) -> bool {
        matches!(self.to, To::Sink { .. })
    }
}

/// Reads once into the sink's own buffer.
fn read_into(
    pipe: &mut Option<OwnedFd>,
    sink: &mut dyn Sink,
    bytes: &mut u64,
    due: &mut Option<Instant>,
) -> Result<()> {
    let Some(from) = pipe else { return Ok(()) };
    let buffer = sink.room()?;
    if buffer.len() == buffer.capacity() {
        // Reading nothing into no room would look like the end, and truncate a backup.
        return sink.flush();
    }
    if let Some(read) = received(rustix::io::read(from, spare_capacity(buffer)))? {
        *bytes += read as u64;
        if read == 0 {
            *pipe = None;
        } else if buffer.len() == buffer.capacity() {
            sink.flush()?;
            *due = None;
        } else {
            due.get_or_insert_with(|| Instant::now() + BUFFER_TIMEOUT);
        }
    }
    Ok(())
}

/// Reads once and logs it; returns how much there was.
fn read_lines(pipe: &mut Option<OwnedFd>, lines: &mut LogLines) -> Result<usize> {
    let Some(from) = pipe else { return Ok(0) };
    let mut buffer = [0; 16 << 10];
    let read = received(rustix::io::read(from, &mut buffer))?;
    if read == Some(0) {
        *pipe = None;
    }
    let read = read.unwrap_or(0);
    lines.push(&buffer[..read]);
    Ok(read)
}

fn drain(pipe: &mut Option<OwnedFd>, lines: &mut LogLines) -> Result<()> {
    let mut left = LAST_OUTPUT;
    loop {
        let read = read_lines(pipe, lines)?;
        left = left.saturating_sub(read);
        if read == 0 || left == 0 {
            return Ok(());
        }
    }
}

/// Bytes read; none when there are none yet.
fn received(read: rustix::io::Result<usize>) -> Result<Option<usize>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(
            Error::run("io", format!("cannot read what a command writes: {error}"))
                .caused_by(error),
        ),
    }
}
