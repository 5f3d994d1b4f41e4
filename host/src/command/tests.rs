//! What a command does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cancelling;
mod leftovers;
mod line;
mod streams;

use std::ffi::OsString;
use std::path::Path;

use parking_lot::{Mutex, MutexGuard};

use super::*;
use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Result};

/// A command that is cancelled takes every daemon of this process with it: tests that do so follow
/// each other when they share a process.
fn exclusive() -> MutexGuard<'static, ()> {
    static EXCLUSIVE: Mutex<()> = Mutex::new(());
    EXCLUSIVE.lock()
}

fn shell() -> Shell {
    Shell::find(None).unwrap()
}

fn environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// Runs `line`, its stdout captured.
fn capture(line: &str) -> Result<(Finished, String)> {
    let mut capture = Capture::new(1 << 20);
    let finished = run(line, Stdout::Into(&mut capture), &Cancel::new())?;
    Ok((finished, String::from_utf8(capture.into_bytes()).unwrap()))
}

fn run(line: &str, stdout: Stdout<'_>, cancel: &Cancel) -> Result<Finished> {
    feed(line, Stdin::Nothing, stdout, cancel)
}

fn feed<'s>(line: &str, stdin: Stdin<'s>, stdout: Stdout<'s>, cancel: &Cancel) -> Result<Finished> {
    let shell = shell();
    let command = Command {
        what: Invocation::Line {
            text: line,
            shell: &shell,
        },
        env: environment(),
        workdir: Path::new("/"),
        accept: &[],
        confined: None,
    };
    command.run(stdin, stdout, cancel)
}

fn failure(line: &str) -> Error {
    run(line, Stdout::Log, &Cancel::new()).unwrap_err()
}

/// Calls `then` with what a command prints as soon as it prints it.
struct OnOutput<F>(Vec<u8>, F);

impl<F: FnMut(&str) -> Result<()>> Sink for OnOutput<F> {
    fn room(&mut self) -> Result<&mut Vec<u8>> {
        self.0.reserve(4096);
        Ok(&mut self.0)
    }

    fn flush(&mut self) -> Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.0)).unwrap();
        (self.1)(&text)
    }
}

fn exists(id: i32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

fn assert_gone(ids: &[i32]) {
    assert!(!ids.is_empty());
    for &id in ids {
        assert!(!exists(id), "process {id} is still there");
    }
}
