//! A command from its start to its end.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;

use super::failure;
use super::group::{self, Group};
use super::input::Input;
use super::line::{Command, Finished};
use super::stdio::{Stdin, Stdout};
use super::streams::{self, Streams};
use crate::cancel::{Cancel, Reason};
use crate::error::Result;

impl Command<'_> {
    /// Runs it and waits for its end. Cancelled, it returns the reason's error once the
    /// command, and all that the run's commands have started, is gone: within about 2 s.
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
            group.terminate(terminate_timeout(cancel));
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
        let mut prepared = self.prepared(from_input, to_out, to_err);
        let group = Group::start(&mut prepared, self.confined)?;
        drop(prepared);
        Ok((group, Streams::new(input, out, stdout, err)))
    }

    /// Its own value, dropped once started: it holds the command's ends of the pipes.
    fn prepared(&self, stdin: Stdio, stdout: OwnedFd, stderr: OwnedFd) -> std::process::Command {
        let mut command = self.what.command();
        command
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.workdir);
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        command
    }
}

/// Between SIGTERM and SIGKILL: what shuts the sidecar down does not wait long either.
fn terminate_timeout(cancel: &Cancel) -> Duration {
    match cancel.reason() {
        Some(Reason::ShuttingDown | Reason::Interrupted) => group::TERMINATE_TIMEOUT / 2,
        _ => group::TERMINATE_TIMEOUT,
    }
}
