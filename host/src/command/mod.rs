//! Commands: one shell line each, in a process group of its own, streamed and never collected.
//!
//! Everything here waits on the calling thread, and ends when the run is cancelled. A command's
//! end, whatever it is, is the end of every process that stayed in its group; a cancelled run's
//! end is the end of every process that it started.

mod capture;
mod failure;
mod group;
mod input;
mod lines;
mod processes;
mod shell;
mod streams;
pub mod watchdog;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

pub use capture::Capture;
pub use group::end_strays;
pub use shell::Shell;

use crate::cancel::{Cancel, Reason};
use crate::error::Result;
use group::Group;
use input::Input;
use streams::Streams;

/// A shell line and where it runs.
#[derive(Debug, Clone)]
pub struct Command<'a> {
    /// Handed to the shell as it is.
    pub line: &'a str,
    /// The whole environment, not an addition to ours; later ones win.
    pub env: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub workdir: &'a Path,
    /// Who runs it.
    pub shell: &'a Shell,
    /// Exit codes that are no failure, beside 0.
    pub accept: &'a [i32],
}

/// Where a command's standard input comes from.
pub enum Stdin<'a> {
    /// It has none.
    Nothing,
    /// All that this has, as fast as the command takes it. It need not take all.
    From(&'a mut dyn Read),
}

/// Where a command's stdout goes. Its stderr is always logged.
pub enum Stdout<'a> {
    /// Line by line into the log.
    Log,
    /// Byte for byte, until the last process that can write to it has ended.
    Into(&'a mut dyn Sink),
}

/// Takes bytes in buffers of its own, so that they go from the pipe to where they are needed
/// without being copied on the way.
///
/// Both may wait; they must stop waiting when the run is cancelled. An error ends the command, and
/// is what [`Command::run`] returns.
pub trait Sink {
    /// The buffer to append to: within its capacity, which leaves room for at least one byte.
    fn room(&mut self) -> Result<&mut Vec<u8>>;

    /// The buffer is full, or nothing more came for 2 ms: hand on what is in it.
    /// Not called at the end, so that the next command's bytes may share the buffer.
    fn flush(&mut self) -> Result<()>;
}

/// A command that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// 0, or one of [`Command::accept`].
    pub exit_code: i32,
    /// Bytes that it wrote to its stdout.
    pub stdout_bytes: u64,
    /// The last lines of its stderr: at most 4 KiB.
    pub stderr_tail: String,
}

impl Command<'_> {
    /// Runs the line and waits for its end. Cancelled, it returns the reason's error once the
    /// line, and all that the run's commands have started, is gone: within about 2 s.
    pub fn run<'s>(
        &self,
        stdin: Stdin<'s>,
        stdout: Stdout<'s>,
        cancel: &Cancel,
    ) -> Result<Finished> {
        cancel.check()?;
        let (group, mut streams) = self
            .start(stdin, stdout)
            .map_err(|error| failure::start(self, error))?;
        if let Err(error) = streams.pump(group.exited(), cancel) {
            streams.close();
            group.terminate(grace(cancel));
            // Only for the log: what went wrong is known.
            let _ = streams.finish();
            return Err(if cancel.is_cancelled() {
                cancel.error()
            } else {
                error
            });
        }
        let (status, left) = group.finish().map_err(|error| failure::wait(self, error))?;
        let (stdout_bytes, stderr_tail) = streams.finish()?;
        if left {
            tracing::warn!(target: "sidecar::command", "a command left processes in the background; they were ended");
        }
        match status.code() {
            Some(exit_code) if exit_code == 0 || self.accept.contains(&exit_code) => Ok(Finished {
                exit_code,
                stdout_bytes,
                stderr_tail,
            }),
            _ => Err(failure::of(self, status, &stderr_tail)),
        }
    }

    fn start<'s>(
        &self,
        stdin: Stdin<'s>,
        stdout: Stdout<'s>,
    ) -> std::io::Result<(Group, Streams<'s>)> {
        let (input, from_input) = match stdin {
            Stdin::Nothing => (None, Stdio::null()),
            Stdin::From(source) => {
                let (input, read) = Input::open(source)?;
                (Some(input), read.into())
            }
        };
        let (out, to_out) = streams::pipe(matches!(stdout, Stdout::Into(_)))?;
        let (err, to_err) = streams::pipe(false)?;
        let group = Group::start(&mut self.prepared(from_input, to_out, to_err))?;
        Ok((group, Streams::new(input, out, stdout, err)))
    }

    /// Its own value, dropped once started: it holds the command's ends of the pipes.
    fn prepared(&self, stdin: Stdio, stdout: OwnedFd, stderr: OwnedFd) -> std::process::Command {
        let mut command = self.shell.command(self.line);
        command
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.workdir);
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        command
    }
}

/// Between SIGTERM and SIGKILL: who shuts us down does not wait long either.
fn grace(cancel: &Cancel) -> Duration {
    match cancel.reason() {
        Some(Reason::ShuttingDown | Reason::Interrupted) => group::GRACE / 2,
        _ => group::GRACE,
    }
}
