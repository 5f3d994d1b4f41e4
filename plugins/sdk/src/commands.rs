//! Commands, run by the host if the approved plan names their line.

use crate::imports::commands;
use crate::types::{Captured, Command, Finished, Result};

impl Command {
    /// A shell line, exactly as the plan names it.
    pub fn new(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            env: Vec::new(),
            workdir: None,
            accept: Vec::new(),
        }
    }

    /// Sets a variable of its environment; the plan's `env` must name it. What varies from run to run goes here: the
    /// line `pg_dump "$NAME"` stays as it was planned, and no name can become another command.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Runs it for what it does; its stdout is logged.
    pub fn run(&self) -> Result<Finished> {
        commands::run(self)
    }

    /// Runs it and returns its stdout: at most `max_bytes`, which is at most 16 MiB.
    pub fn capture(&self, max_bytes: u32) -> Result<Captured> {
        commands::run_and_capture(self, max_bytes)
    }
}
