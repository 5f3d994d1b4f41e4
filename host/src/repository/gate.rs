//! Whether a snapshot may be written: `rustic_core` only logs what it cannot read, and saves the snapshot
//! all the same.

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::error::{Error, Result};

/// What is known of the run whose bytes are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunVerdict {
    /// It is still at work.
    Open,
    /// It ended well, and every byte of it was read.
    Good,
    /// It failed, or a byte of it could not be read. That never changes.
    Failed,
}

/// Lets no snapshot through before the run has ended well, and none after anything failed.
#[derive(Debug)]
pub(super) struct VerdictGate {
    verdict: watch::Sender<RunVerdict>,
    /// What failed first.
    cause: Mutex<Option<Error>>,
}

impl Default for VerdictGate {
    fn default() -> Self {
        Self {
            verdict: watch::Sender::new(RunVerdict::Open),
            cause: Mutex::default(),
        }
    }
}

impl VerdictGate {
    /// The run has ended well.
    pub(super) fn allow(&self) {
        self.verdict.send_if_modified(|verdict| {
            let is_open = *verdict == RunVerdict::Open;
            if is_open {
                *verdict = RunVerdict::Good;
            }
            is_open
        });
    }

    /// Keeps why something could not be read, which the library tells in its own words.
    pub(super) fn note(&self, cause: Error) {
        self.cause.lock().get_or_insert(cause);
    }

    /// Something failed: from now on nothing is written any more.
    pub(super) fn fail(&self, cause: Error) {
        self.note(cause);
        self.verdict.send_replace(RunVerdict::Failed);
    }

    /// Ends what the library still has at work: it returns at the first failure, and leaves the rest of a
    /// parallel step to itself.
    pub(super) fn close(&self) {
        self.fail(Error::run(
            "internal",
            "the repository was left while it was used",
        ));
    }

    /// What failed first; once.
    pub(super) fn cause(&self) -> Option<Error> {
        self.cause.lock().take()
    }

    /// Fails once anything has failed.
    pub(super) fn require_not_failed(&self) -> Result<()> {
        match *self.verdict.borrow() {
            RunVerdict::Failed => Err(refused()),
            RunVerdict::Open | RunVerdict::Good => Ok(()),
        }
    }

    /// Waits until the run has ended. Fails unless that was well.
    pub(super) async fn require_good(&self) -> Result<()> {
        let mut verdict = self.verdict.subscribe();
        let ended = verdict.wait_for(|verdict| *verdict != RunVerdict::Open);
        match ended.await.as_deref() {
            Ok(RunVerdict::Good) => Ok(()),
            _ => Err(refused()),
        }
    }

    /// Waits until anything has failed; for ever if nothing does.
    pub(super) async fn failed(&self) {
        let mut verdict = self.verdict.subscribe();
        let failed = verdict.wait_for(|verdict| *verdict == RunVerdict::Failed);
        if failed.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn refused() -> Error {
    Error::run(
        "run-not-good",
        "the run has not ended well: it gets no snapshot",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn only_a_good_run_passes_and_a_failure_stays() {
        let gate = VerdictGate::default();
        let good = || gate.require_good().now_or_never();
        assert!(good().is_none(), "it is not known yet");
        gate.require_not_failed().unwrap();
        gate.allow();
        good().unwrap().unwrap();
        gate.fail(Error::run("first", "the first"));
        gate.fail(Error::run("second", "the second"));
        gate.allow();
        assert!(good().unwrap().is_err() && gate.require_not_failed().is_err());
        assert_eq!(gate.cause().unwrap().code(), "first");
    }
}
