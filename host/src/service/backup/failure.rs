//! How a backup fails.

use crate::error::Error;
use crate::service::runs::outcome::RunOutcome;

/// Why a backup is not complete.
#[derive(Debug)]
pub(in crate::service) enum BackupFailure {
    /// The backup was made, and a store has missed it.
    MissedStores(Error),
    /// There is no backup.
    Failed(Error),
}

impl BackupFailure {
    /// What came of the run.
    pub(in crate::service) fn outcome(&self) -> RunOutcome<'_> {
        match self {
            Self::MissedStores(error) => RunOutcome::MissedStores(error),
            Self::Failed(error) => RunOutcome::Failed(error),
        }
    }
}

impl From<Error> for BackupFailure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<BackupFailure> for Error {
    fn from(failure: BackupFailure) -> Self {
        match failure {
            BackupFailure::MissedStores(error) | BackupFailure::Failed(error) => error,
        }
    }
}
