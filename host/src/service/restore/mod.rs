//! The way back: from a backup to what it was made of.
//!
//! ```text
//! find ──► plan ──► download ──► apply ──► report
//! which    module   fetched,     module,
//! backup   × grants compared     in the sandbox
//! ```
//!
//! Nothing at the target is touched before everything that the plan names of the backup was fetched
//! and compared with its manifest.

mod apply;
mod decode;
mod download;
mod fetch_spool;
mod find;
mod offer;
mod plan;
mod raw_bytes;
mod remote_reader;
mod report;
mod target;
mod targets;
mod transfer;
mod workspace;

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::runs::guards::{Deadline, OrphanReaper};
use super::runs::job::Job;
use super::runs::lock::RunLock;
use super::runs::outcome::RunOutcome;
use super::runs::record;
use super::runs::request::{Order, Task};
use super::strategy;
use crate::error::{Error, Result};
use crate::run_log;
use crate::sandbox::{Choices, Module, Purpose};
use download::Downloaded;
use plan::PlannedRestore;
use workspace::Workspace;

pub(super) use find::{BackupPlace, FoundBackup, find};
pub use offer::{RestorablePart, RestoreOffer};
pub(super) use plan::impossible;
pub(super) use raw_bytes::{entries, raw_bytes};
pub(super) use report::PREVIEWED_RUN;
pub use report::{Preview, RestoreReport};

/// What a restore would do. Nothing is touched, and nothing but manifests is read of the backup.
pub(super) fn preview(context: &Context, order: &Order) -> Result<Preview> {
    let choices = order.choices(PREVIEWED_RUN, Purpose::Restore);
    Ok(plan(context, order, choices)?.preview(context))
}

/// Restores on this thread. Parts that failed are in the report; the error is of all of it.
pub(super) fn restore(context: &Context, job: &Arc<Job>, order: &Order) -> Result<RestoreReport> {
    run(context, RunLock::acquire(context)?, job, order)
}

/// The same with the run lock held.
pub(super) fn run(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    recorded(context, lock, job, |lock| {
        perform(context, lock, job, order)
    })
}

/// Records how `work` begins and ends.
pub(super) fn recorded(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    work: impl FnOnce(&RunLock) -> Result<RestoreReport>,
) -> Result<RestoreReport> {
    let _log = run_log::collect(job.log());
    let run = record::begin(context.history(), job);
    let done = work(&lock);
    let outcome = outcome_of(&done);
    let parts = done
        .as_ref()
        .map(|report| report.parts.clone())
        .unwrap_or_default();
    let run = record::end(context.history(), run, lock, job, outcome, parts);
    done.map(|report| report.of_run(&run))
}

/// Restores with the run lock held, without recording it as a run.
pub(super) fn perform(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    let purpose = match job.request().task {
        Task::Drill => Purpose::Drill,
        Task::Backup | Task::Restore(_) | Task::Verify(_) => Purpose::Restore,
    };
    let planned = plan(context, order, order.choices(&job.request().id, purpose))?;
    job.is_about(&planned.found.manifest.id);
    let _orphans = OrphanReaper;
    let _deadline = Deadline::start(planned.limit(context), job.cancel())?;
    planned.fetch(context, lock, job)?.apply(context, lock, job)
}

/// A restore of which nothing is done yet.
pub(super) struct Planned {
    module: Module,
    pub(super) found: FoundBackup,
    planned: PlannedRestore,
}

/// A restore for which all is fetched and compared, and nothing is touched yet.
pub(super) struct ReadyRestore {
    backup: String,
    module: Module,
    planned: PlannedRestore,
    downloaded: Downloaded,
}

/// Finds the backup, and asks the module what restoring it needs.
pub(super) fn plan(context: &Context, order: &Order, choices: Choices) -> Result<Planned> {
    plan_found(context, order, choices, || find::find(context, order))
}

/// The same of a backup that `find` finds, once the module is known to be the one that was accepted.
pub(super) fn plan_found(
    context: &Context,
    order: &Order,
    choices: Choices,
    find: impl FnOnce() -> Result<FoundBackup>,
) -> Result<Planned> {
    let module = strategy::load(context)?;
    strategy::require_accepted(context, &module, None)?;
    let found = find()?;
    for place in target::places(order) {
        target::require_not_own(context, place)?;
    }
    let planned = plan::plan(context, &module, &found.manifest, order, choices)?;
    target::require_not_source(context.config(), &module, &planned)?;
    Ok(Planned {
        module,
        found,
        planned,
    })
}

impl Planned {
    /// What it would do, and what it would find.
    pub(super) fn preview(self, context: &Context) -> Preview {
        let found = targets::find(context, &self.module, &self.planned);
        Preview::of(&self.found.manifest, self.planned, found)
    }

    /// How long it may take.
    pub(super) fn limit(&self, context: &Context) -> Option<Duration> {
        let of_module = self.module.limits().timeout;
        of_module.or(context.config().strategy.timeout)
    }

    /// Fetches what it needs, and compares it.
    pub(super) fn fetch(
        self,
        context: &Context,
        lock: &RunLock,
        job: &Arc<Job>,
    ) -> Result<ReadyRestore> {
        let workspace = Workspace {
            config: context.config(),
            folder: &lock.folder,
            job,
        };
        let downloaded = download::download(context, &workspace, &self.found, &self.planned)?;
        job.cancel().check()?;
        Ok(ReadyRestore {
            backup: self.found.manifest.id,
            module: self.module,
            planned: self.planned,
            downloaded,
        })
    }
}

impl ReadyRestore {
    /// Fails if the module would refuse it, or a part of it. Nothing is changed.
    pub(super) fn require_not_refused(
        &self,
        context: &Context,
        lock: &RunLock,
        job: &Arc<Job>,
    ) -> Result<()> {
        let (config, folder) = (context.config(), &lock.folder);
        let (planned, downloaded) = (&self.planned, &self.downloaded);
        let found = apply::find_refusals(config, folder, job, &self.module, planned, downloaded)?;
        Error::joined(&found).map_or(Ok(()), Err)
    }

    /// Restores.
    pub(super) fn apply(
        self,
        context: &Context,
        lock: &RunLock,
        job: &Arc<Job>,
    ) -> Result<RestoreReport> {
        let Self {
            backup,
            module,
            planned,
            downloaded,
        } = self;
        let (config, bytes) = (context.config(), downloaded.bytes);
        let restored = apply::apply(config, &lock.folder, job, &module, planned, downloaded)?;
        Ok(RestoreReport::new(&backup, bytes, restored))
    }
}

/// A restore is complete if all of it was restored.
fn outcome_of(done: &Result<RestoreReport>) -> RunOutcome<'_> {
    let error = match done {
        Ok(report) => report.error.as_ref(),
        Err(error) => Some(error),
    };
    error.map_or(RunOutcome::Complete(None), RunOutcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_failed_makes_no_restore_a_backup_that_missed_it() {
        let failed = Err(Error::run("store-failed", "the connection was reset"));
        assert!(matches!(outcome_of(&failed), RunOutcome::Failed(_)));
    }
}
