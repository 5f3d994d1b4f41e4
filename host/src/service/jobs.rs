//! The façade of a server: the service, and the queue of runs that its clients share.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::future::select_all;

use super::context::Context;
use super::restore::{self, RestoreReport};
use super::runs::{Job, Order, Queue, RunHandle, RunLock, RunRequest, Task};
use super::schedule::{self, Clock};
use super::{CompletedBackup, Service, backup, set};
use crate::cancel::Reason;
use crate::error::{Error, Result};
use crate::history::Run;

/// The runs of this process, and the journal of all.
pub struct Jobs {
    service: Arc<Service>,
    queue: Arc<Queue>,
}

impl Jobs {
    /// Finishes what an earlier process left, unless another one is running.
    pub fn new(service: Arc<Service>) -> Self {
        let queue = Arc::new(Queue::new(service.context.clone(), perform));
        Self { service, queue }
    }

    /// What makes the backups.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Starts a run; under a key that was used before: finds that one. May wait for the disk.
    pub fn start(&self, request: RunRequest) -> Result<RunHandle> {
        self.queue.start(request)
    }

    /// The run with this id. May wait for the disk.
    pub fn get(&self, id: &str) -> Option<RunHandle> {
        self.queue.get(id)
    }

    /// The run in progress, in this process or another one. May wait for the disk.
    pub fn in_progress(&self) -> Option<Run> {
        self.queue.in_progress()
    }

    /// Takes no more runs and stops the one in progress, which is returned.
    pub fn close(&self, reason: Reason) -> Option<Arc<Job>> {
        self.queue.close(reason)
    }

    /// Whether no more run is taken.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Starts what `schedule` names, first what was missed, until it is dropped.
    pub async fn run_schedule(&self, clock: &impl Clock) -> Infallible {
        let each = self.service.all().map(|one| {
            schedule::run_backups(&self.queue, &one.context, &one.timetables.backups, clock)
        });
        select_all(each.map(Box::pin)).await.0
    }

    /// Starts the drills that are due, until it is dropped.
    pub async fn run_drills(&self, clock: &impl Clock) -> Infallible {
        let each = self.service.all().map(|one| {
            schedule::run_drills(&self.queue, &one.context, &one.timetables.drills, clock)
        });
        select_all(each.map(Box::pin)).await.0
    }
}

/// Does what a run is for, and logs how it went.
fn perform(context: &Context, lock: RunLock, job: &Arc<Job>) {
    let id = &job.request().id;
    let failed = |what, error: &Error| {
        let (code, hint) = (error.code(), error.hint_text());
        tracing::error!(id, code, hint, "{what} failed: {error}");
    };
    match &job.request().task {
        Task::Backup => match make(context, lock, job) {
            Ok(backup) => tracing::info!(
                id,
                size = backup.artifact.size,
                duration_ms = backup.duration_ms,
                "backup made"
            ),
            Err(error) => failed("backup", &error),
        },
        Task::Restore(order) => match failure_of(bring_back(context, lock, job, order)) {
            None => tracing::info!(id, "backup restored"),
            Some(error) => failed("restore", &error),
        },
        Task::Drill => match failure_of(schedule::run_drill(context, lock, job)) {
            None => tracing::info!(id, "drill passed"),
            Some(error) => failed("drill", &error),
        },
    }
}

fn make(context: &Context, lock: RunLock, job: &Arc<Job>) -> Result<CompletedBackup> {
    match context.set() {
        Some(set) => set::run(context, lock, job, set),
        None => backup::run(context, lock, job),
    }
}

fn bring_back(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    match context.set() {
        Some(_) => set::run_restore(context, lock, job, order),
        None => restore::run(context, lock, job, order),
    }
}

/// Why not all of it was restored.
fn failure_of(done: Result<RestoreReport>) -> Option<Error> {
    match done {
        Ok(report) => report.error,
        Err(error) => Some(error),
    }
}
