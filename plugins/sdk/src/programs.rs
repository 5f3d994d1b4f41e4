//! Programs, run by the host without a shell if the approved plan names them.

use crate::imports::programs;
use crate::types::{Captured, Finished, Program, Result};

impl Program {
    /// A program and its arguments: nothing reads them on their way, so that nothing needs to be quoted.
    pub fn new<W: Into<String>>(argv: impl IntoIterator<Item = W>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            workdir: None,
            accept: Vec::new(),
        }
    }

    /// Sets a variable of its environment; the plan's `env` must name it.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// How a plan names it, among its `commands`.
    pub fn planned(&self) -> String {
        format!("argv:{}", serde_json::Value::from(self.argv.clone()))
    }

    /// Runs it for what it does; its stdout is logged.
    pub fn run(&self) -> Result<Finished> {
        programs::run(self)
    }

    /// Runs it and returns its stdout: at most `max_bytes`, which is at most 16 MiB.
    pub fn capture(&self, max_bytes: u32) -> Result<Captured> {
        programs::run_and_capture(self, max_bytes)
    }
}
