//! What a strategy has found out before a run.

use crate::types::{Failure, Result};

/// What a strategy has found out before a run.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Every reason why a run would fail now.
    pub failures: Vec<Failure>,
    /// What the operator should know, although it fails no run.
    pub warnings: Vec<Failure>,
}

impl Findings {
    /// Notes why a run would fail; returns what was looked at, if it is as it should be.
    pub fn note<T>(&mut self, looked: Result<T>) -> Option<T> {
        looked.map_err(|failure| self.failures.push(failure)).ok()
    }
}

impl From<Result<()>> for Findings {
    fn from(looked: Result<()>) -> Self {
        Self {
            failures: looked.err().into_iter().collect(),
            warnings: Vec::new(),
        }
    }
}
