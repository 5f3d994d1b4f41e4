//! The beginning and the end of a run, as the journal and everything that watches it learn of them.

use super::job::Job;
use super::lock::RunLock;
use super::outcome::RunOutcome;
use crate::error::Error;
use crate::history::{History, PartOutcome, Run, RunFailure, RunState};

/// Records and announces that the run begins.
pub(in crate::service) fn begin(history: &History, job: &Job) -> Run {
    let mut run = job.run();
    run.start();
    history.record(&run);
    job.announce(run.clone());
    run
}

/// Records how the run has ended, releases the lock, and then announces it: a client that learns of
/// the end may start the next run.
pub(in crate::service) fn end(
    history: &History,
    mut run: Run,
    lock: RunLock,
    job: &Job,
    outcome: RunOutcome<'_>,
    parts: Vec<PartOutcome>,
) -> Run {
    let state = outcome.state(job.cancel().reason());
    if outcome.is_done() {
        job.set_done();
    }
    let made = match outcome {
        RunOutcome::Complete(artifact) => Ok(artifact),
        RunOutcome::MissedStores(error) | RunOutcome::Failed(error) => Err(RunFailure::from(error)),
    };
    run.end(state, made);
    run.duration_ms = job
        .elapsed()
        .and_then(|took| took.as_millis().try_into().ok());
    run.parts = parts;
    run.warnings = job.warnings();
    run.backup = job.backup().cloned();
    if state != RunState::Succeeded {
        job.forget_bytes();
    }
    history.record(&run);
    history.record_log(&run.id, &job.log().excerpt(0));
    drop(lock);
    job.announce(run.clone());
    run
}

/// Ends a run that could not end, or begin, by itself.
pub(in crate::service) fn give_up(history: &History, job: &Job, error: &Error) {
    let mut run = job.run();
    run.end(RunState::Failed, Err(RunFailure::from(error)));
    job.forget_bytes();
    history.record(&run);
    history.record_log(&run.id, &job.log().excerpt(0));
    job.announce(run);
}
