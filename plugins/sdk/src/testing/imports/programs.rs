//! The programs that the test has registered, as plans name them.

use super::execute::{capture, execute, into_artifact};
use crate::types::{Captured, Failure, Finished, Program, Result};

pub(crate) fn run(program: &Program) -> Result<Finished> {
    ended(program).map(|captured| captured.finished)
}

pub(crate) fn run_into_artifact(program: &Program) -> Result<Finished> {
    into_artifact(ended(program)?)
}

pub(crate) fn run_and_capture(program: &Program, max_bytes: u32) -> Result<Captured> {
    capture(ended(program)?, &program.planned(), max_bytes)
}

pub(crate) fn feed(_: &Program, _: u64, _: u64) -> Result<Finished> {
    Err(Failure::new("no-restore", "the mock host restores nothing"))
}

fn ended(program: &Program) -> Result<Captured> {
    execute(&program.planned(), &program.env, &program.accept)
}
