//! The way back: from a backup to what it was made of.
//!
//! ```text
//! find ──► plan ──► bring ──► restore
//! which    module   fetched,  module, in
//! backup   × grants checked   the sandbox
//! ```
//!
//! Nothing at the target is touched before everything that the plan names of the backup was fetched
//! and compared with its manifest.

mod bring;
mod find;
mod plan;
mod remote;
mod report;

use std::sync::Arc;

use super::guard::{Deadline, Strays};
use super::turn::Turn;
use super::{Job, Service};
use crate::error::Result;
use crate::sandbox::{Module, RestoreJob};
use find::Found;
use plan::Planned;

pub use crate::sandbox::Selection;
pub use report::{Preview, Report};

/// Which backup comes back, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// An id, the beginning of one, or "latest".
    pub which: String,
    /// None: everything.
    pub only: Vec<Selection>,
    /// A URL or a directory; left out: where the configuration says that it came from.
    pub into: Option<String>,
    /// Whether what is there may be overwritten.
    pub replace: bool,
}

impl Service {
    /// What a restore would do. Nothing is touched, and nothing but manifests is read.
    pub fn preview_restore(&self, order: &Order) -> Result<Preview> {
        let (_, found, planned) = self.prepare_restore(order)?;
        Ok(Preview::of(&found.manifest, planned))
    }

    /// Restores on this thread. Parts that failed are in the report; the error is of all of it.
    pub fn restore(&self, job: &Arc<Job>, order: &Order) -> Result<Report> {
        self.run_restore(self.turn()?, job, order)
    }

    /// The same when it is our turn.
    pub(super) fn run_restore(&self, turn: Turn, job: &Arc<Job>, order: &Order) -> Result<Report> {
        self.reported(turn, job, |turn| self.carry_out(turn, job, order))
    }

    /// Writes down how `work` begins and ends.
    pub(super) fn reported(
        &self,
        turn: Turn,
        job: &Arc<Job>,
        work: impl FnOnce(&Turn) -> Result<Report>,
    ) -> Result<Report> {
        let run = self.begin(job);
        let done = work(&turn);
        let outcome = match &done {
            Ok(report) => report.error.as_ref().map_or(Ok(None), Err),
            Err(error) => Err(error),
        };
        let outcomes = done.as_ref().map(Report::outcomes).unwrap_or_default();
        let run = self.end(run, turn, job, outcome, outcomes);
        done.map(|report| report.of_run(&run))
    }

    pub(super) fn carry_out(&self, turn: &Turn, job: &Arc<Job>, order: &Order) -> Result<Report> {
        let (module, found, planned) = self.prepare_restore(order)?;
        let _strays = Strays;
        let limit = module.limits().timeout.or(self.config().strategy.timeout);
        let _deadline = Deadline::start(limit, job.cancel())?;
        let brought = self.bring(turn, job, &found, &planned)?;
        job.cancel().check()?;
        for step in &planned.plan.steps {
            tracing::info!(id = job.request().id, "{step}");
        }
        let restored = module.restore(RestoreJob {
            job: self.task(job, planned.config, planned.grants.grants, &module),
            request: planned.request,
            source: brought.source,
            directory: planned.grants.directory,
        })?;
        Ok(Report::new(&found.manifest.id, brought.bytes, restored))
    }

    fn prepare_restore(&self, order: &Order) -> Result<(Module, Found, Planned)> {
        let module = self.module()?;
        self.accepted(&module, None)?;
        let found = self.find_backup(&order.which)?;
        let planned = self.plan_restore(&module, &found.manifest, order)?;
        Ok((module, found, planned))
    }
}
