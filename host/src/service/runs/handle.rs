//! A run as a client finds it.

use std::sync::Arc;

use super::job::Job;
use crate::history::Run;

/// A run that was asked for before.
#[derive(Clone)]
pub enum RunHandle {
    /// Of this process: can be watched and stopped.
    Here(Arc<Job>),
    /// Of another process, or of the past.
    Written(Box<Run>),
}

impl RunHandle {
    /// How it stands.
    pub fn run(&self) -> Run {
        match self {
            RunHandle::Here(job) => job.run(),
            RunHandle::Written(run) => (**run).clone(),
        }
    }
}
