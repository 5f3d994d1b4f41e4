//! The steps on the way to a name, and which of them failed.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// What is done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishStep {
    /// The temporary file is created.
    Create,
    /// Its bytes are written.
    Write,
    /// They are synced to the disk.
    Sync,
    /// The file gets its name.
    Rename,
    /// The folder is synced: the name survives a power cut.
    SyncFolder,
}

/// A step that failed. Before [`PublishStep::SyncFolder`] nothing has changed at the destination.
#[derive(Debug)]
pub struct PublishError {
    /// Which one.
    pub step: PublishStep,
    /// What it was about.
    pub path: PathBuf,
    /// The system's reason.
    pub error: io::Error,
}

impl From<PublishError> for Error {
    fn from(failed: PublishError) -> Self {
        let doing = match failed.step {
            PublishStep::Create => "create",
            PublishStep::Write => "write",
            PublishStep::Sync | PublishStep::SyncFolder => "sync",
            PublishStep::Rename => "publish",
        };
        Self::io(doing, &failed.path, failed.error)
    }
}

/// Does one step.
pub(super) fn attempt<T>(
    step: PublishStep,
    path: &Path,
    work: impl FnOnce() -> io::Result<T>,
) -> Result<T, PublishError> {
    #[cfg(test)]
    let work = || match FAULT.get() == Some(step) {
        true => Err(io::ErrorKind::StorageFull.into()),
        false => work(),
    };
    work().map_err(|error| PublishError {
        step,
        path: path.to_owned(),
        error,
    })
}

#[cfg(test)]
thread_local! {
    static FAULT: std::cell::Cell<Option<PublishStep>> = const { std::cell::Cell::new(None) };
}

/// Makes this step of the calling thread fail from now on, or none.
#[cfg(test)]
pub(super) fn inject_fault(step: Option<PublishStep>) {
    FAULT.set(step);
}
