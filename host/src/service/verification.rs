//! Reads backups again, and compares them with what was recorded when they were made: one, with all that it names, or all.

use std::sync::Arc;

use super::catalogue::{self, Verification, VerifyProgress};
use super::context::Context;
use super::runs::job::Job;
use super::runs::lock::RunLock;
use super::runs::outcome::RunOutcome;
use super::runs::record;
use super::runs::request::{Task, VerifyOrder};
use super::set;
use crate::error::{Error, Result};
use crate::run_log;

/// Does what `job` is for on this thread, without a record of it.
pub(super) fn verify(context: &Context, job: &Job) -> Result<Verification> {
    perform(context, order(job)?, &VerifyProgress::new(job))
}

/// The same as a run, with the run lock held: its record says of each copy what was found.
pub(super) fn run(context: &Context, lock: RunLock, job: &Arc<Job>) -> Result<Verification> {
    let _log = run_log::collect(job.log());
    let run = record::begin(context.history(), job);
    let progress = VerifyProgress::new(job);
    let done = order(job).and_then(|order| perform(context, order, &progress));
    let outcome = match &done {
        Ok(_) => RunOutcome::Complete(None),
        Err(error) => RunOutcome::Failed(error),
    };
    record::end(
        context.history(),
        run,
        lock,
        job,
        outcome,
        progress.copies(),
    );
    done
}

fn perform(
    context: &Context,
    order: &VerifyOrder,
    progress: &VerifyProgress<'_>,
) -> Result<Verification> {
    let accept = order.accept.as_slice();
    match (&order.which, context.set()) {
        (Some(which), Some(_)) => Ok(Verification::of(set::verify(
            context, which, accept, progress,
        )?)),
        (Some(which), None) => Ok(Verification::of(catalogue::verify(
            context, which, accept, progress,
        )?)),
        (None, _) => {
            let all = catalogue::verify_all(context, accept, progress)?;
            set::require_whole(context, accept, progress).map(|()| all)
        }
    }
}

fn order(job: &Job) -> Result<&VerifyOrder> {
    match &job.request().task {
        Task::Verify(order) => Ok(order),
        _ => Err(Error::run("internal", "this run verifies nothing")),
    }
}
