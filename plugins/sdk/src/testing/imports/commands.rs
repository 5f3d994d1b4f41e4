//! The commands that the test has registered.

use super::execute::{capture, execute, into_artifact};
use crate::types::{Captured, Command, Finished, Result};

pub(crate) fn run(command: &Command) -> Result<Finished> {
    execute(&command.line, &command.env, &command.accept).map(|captured| captured.finished)
}

pub(crate) fn run_into_artifact(command: &Command) -> Result<Finished> {
    into_artifact(execute(&command.line, &command.env, &command.accept)?)
}

pub(crate) fn run_and_capture(command: &Command, max_bytes: u32) -> Result<Captured> {
    let captured = execute(&command.line, &command.env, &command.accept)?;
    capture(captured, &command.line, max_bytes)
}
