//! What commands and programs have in common.

use crate::bindings::restorer::sidecar::strategy::source;
use crate::imports::{commands, programs};
use crate::types::{Command, Finished, Program, Result};

/// A shell line or a program: what the host runs for a module.
pub trait Runnable {
    /// Runs it and appends its stdout to the artifact, behind what was flushed. Strategies call
    /// [`Artifact::append_stdout`](crate::Artifact::append_stdout).
    fn run_into_artifact(&self) -> Result<Finished>;

    /// Runs it with a range of the backup as its standard input. Strategies call
    /// [`Part::feed`](crate::restore::Part::feed).
    fn feed(&self, offset: u64, length: u64) -> Result<Finished>;
}

impl Runnable for Command {
    fn run_into_artifact(&self) -> Result<Finished> {
        commands::run_into_artifact(self)
    }

    fn feed(&self, offset: u64, length: u64) -> Result<Finished> {
        source::feed(self, offset, length)
    }
}

impl Runnable for Program {
    fn run_into_artifact(&self) -> Result<Finished> {
        programs::run_into_artifact(self)
    }

    fn feed(&self, offset: u64, length: u64) -> Result<Finished> {
        programs::feed(self, offset, length)
    }
}
