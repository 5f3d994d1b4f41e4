//! What came of a run, for the code that decides by it. Error codes are for operators alone.

use crate::cancel::Reason;
use crate::error::Error;
use crate::history::{RunArtifact, RunState};

/// What came of a run.
#[derive(Debug)]
pub(in crate::service) enum RunOutcome<'e> {
    /// All of it was done. A restore makes no artifact.
    Complete(Option<RunArtifact>),
    /// The backup was made, and a store has missed it.
    MissedStores(&'e Error),
    /// Nothing came of it, or not all was restored.
    Failed(&'e Error),
}

impl RunOutcome<'_> {
    /// How the run stands now, if it was stopped for that reason.
    pub(super) fn state(&self, stopped: Option<Reason>) -> RunState {
        match (self, stopped) {
            (Self::Complete(_), _) => RunState::Succeeded,
            // The backup exists: the request to cancel came too late.
            (Self::MissedStores(_), Some(Reason::Requested)) => RunState::Failed,
            (Self::Failed(_), Some(Reason::Requested)) => RunState::Cancelled,
            (_, Some(Reason::ShuttingDown | Reason::Interrupted)) => RunState::Interrupted,
            (_, Some(Reason::TimedOut(_) | Reason::DiskLimit(_)) | None) => RunState::Failed,
        }
    }

    /// Whether the run need not be repeated: what a store has missed is sent later.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Complete(_) | Self::MissedStores(_))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cancelled_run_is_cancelled_whatever_the_error_is_called() {
        // The code of a store that failed, and of a backup that a store has missed.
        let error = Error::run("store-failed", "the connection was reset");
        let failed = RunOutcome::Failed(&error);
        assert_eq!(failed.state(Some(Reason::Requested)), RunState::Cancelled);
        assert!(!failed.is_done());
        let missed = RunOutcome::MissedStores(&error);
        assert_eq!(missed.state(Some(Reason::Requested)), RunState::Failed);
        assert!(missed.is_done());
    }

    #[test]
    fn the_reason_to_stop_decides_how_a_failed_run_stands() {
        let error = Error::run("command-failed", "pg_dump exited with 1");
        let limit = Duration::from_secs(1);
        for (stopped, state) in [
            (None, RunState::Failed),
            (Some(Reason::TimedOut(limit)), RunState::Failed),
            (Some(Reason::ShuttingDown), RunState::Interrupted),
            (Some(Reason::Interrupted), RunState::Interrupted),
        ] {
            assert_eq!(RunOutcome::Failed(&error).state(stopped), state);
            assert_eq!(RunOutcome::MissedStores(&error).state(stopped), state);
            let complete = RunOutcome::Complete(None);
            assert_eq!(complete.state(stopped), RunState::Succeeded);
        }
    }
}
