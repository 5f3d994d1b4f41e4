//! The façade of a server: the service, and the queue of runs that its clients share.

use std::convert::Infallible;
use std::future::pending;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::sleep;

use super::browse::{
    self, BackupContents, BackupPage, BackupQuery, ContentsIndex, ContentsQuery, ListedBackup,
};
use super::catalogue::{Listings, StoreListing};
use super::context::Context;
use super::restore::{self, RestoreReport};
use super::runs::{Job, Order, Queue, QueueMoment, RunHandle, RunLock, RunRequest, Task};
use super::schedule::{self, Clock};
use super::status::{self, ScheduledStrategy, SidecarStatus, StrategyDays};
use super::{CheckReport, CompletedBackup, Service, backup, set, verification};
use crate::cancel::Reason;
use crate::clock;
use crate::command::LostProcesses;
use crate::error::{Error, Kind, Result};
use crate::history::Run;
use crate::run_log::LogExcerpt;
use crate::schedule::Timetable;

/// How long a status waits for the stores: then it tells what they held when they last answered.
const STORES_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a list of backups waits for the stores.
const LISTING_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two looks for processes that have lost their parent.
const COLLECT_INTERVAL: Duration = Duration::from_secs(2);

/// The runs of this process, and the journal of all.
pub struct Jobs {
    service: Arc<Service>,
    queue: Arc<Queue>,
    listings: Arc<Listings>,
    /// What lies in the backup that was last looked into.
    contents: Mutex<Option<Arc<ContentsIndex>>>,
    /// Taken by the check in progress.
    checking: Mutex<()>,
    /// When this process started.
    since: Timestamp,
}

impl Jobs {
    /// Finishes what an earlier process left, unless another one is running.
    pub fn new(service: Arc<Service>) -> Self {
        let queue = Arc::new(Queue::new(service.context.clone(), perform));
        let listings = Arc::new(Listings::new(service.context.clone()));
        Self {
            service,
            queue,
            listings,
            contents: Mutex::default(),
            checking: Mutex::default(),
            since: clock::now(),
        }
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

    /// What a run has said beyond its first `after` lines. May wait for the disk.
    pub fn log(&self, run: &RunHandle, after: u64) -> LogExcerpt {
        match run {
            RunHandle::Here(job) => job.log().excerpt(after),
            RunHandle::Written(run) => self.service.history().log(&run.id).after(after),
        }
    }

    /// The run in progress, in this process or another one. May wait for the disk.
    pub fn in_progress(&self) -> Option<Run> {
        self.queue.in_progress()
    }

    /// The run in progress in this process, and every change of it.
    pub fn follow(&self) -> watch::Receiver<QueueMoment> {
        self.queue.follow()
    }

    /// How each strategy stands, and of several their set. May wait for the disk, and a little for the stores.
    pub fn status(&self) -> SidecarStatus {
        let listing = self.listings.latest(STORES_TIMEOUT);
        let all = self.scheduled();
        let here = self.queue.job().filter(|job| !job.run().state.is_over());
        let here = here.map(RunHandle::Here);
        let running = here.or_else(|| Some(RunHandle::Written(Box::new(self.in_progress()?))));
        status::status(&all, listing.as_deref(), running.as_ref(), self.since)
    }

    /// What became of the last 30 days of each strategy, and of several first of their set. May wait like `status`.
    pub fn days(&self) -> Vec<StrategyDays> {
        let listing = self.listings.latest(STORES_TIMEOUT);
        status::days(&self.scheduled(), listing.as_deref(), self.since)
    }

    fn scheduled(&self) -> Vec<ScheduledStrategy<'_>> {
        let all = self.service.all().map(|one| ScheduledStrategy {
            context: &one.context,
            timetables: starting(&self.service, one),
        });
        all.collect()
    }

    /// Looks at everything that a run of the strategy needs, or of all; one check at a time. Waits for servers and stores.
    pub fn check(&self, strategy: Option<&str>) -> Result<CheckReport> {
        let service = self.service.strategy(strategy)?;
        let Some(_checking) = self.checking.try_lock() else {
            return Err(Error::new(
                Kind::Busy,
                "check-in-progress",
                "another check is in progress",
            )
            .hint("wait until it is over: it takes as long as the stores take to answer"));
        };
        let mut report = service.check();
        service.preflight(&mut report);
        service.check_stores(&mut report)?;
        Ok(report)
    }

    /// Some of the backups in the stores, newest first, as the stores hold them now.
    pub fn backups(&self, query: &BackupQuery) -> Result<BackupPage> {
        let listing = self.listing()?;
        browse::page(&self.service.context, &listing, query)
    }

    /// Every copy of a backup, in the order in which they are best taken.
    pub fn copies(&self, which: &str) -> Result<Vec<ListedBackup>> {
        let copies = self.service.copies(which)?;
        let listing = self
            .listings
            .latest(LISTING_TIMEOUT)
            .ok_or_else(no_answer)?;
        Ok(browse::copies(&self.service.context, &listing, copies))
    }

    /// What lies in a backup. An archive is read once for several questions.
    pub fn contents(&self, which: &str, query: &ContentsQuery) -> Result<BackupContents> {
        if let Some(known) = self.known_contents(which) {
            return Ok(known.select(query));
        }
        let index = Arc::new(self.service.contents_index(which)?);
        *self.contents.lock() = Some(index.clone());
        Ok(index.select(query))
    }

    /// Of the backup that was last looked into, if it has this id.
    fn known_contents(&self, which: &str) -> Option<Arc<ContentsIndex>> {
        let last = self.contents.lock();
        last.as_ref().filter(|last| last.id() == which).cloned()
    }

    /// What the stores hold now; of a store that does not answer, what it held before.
    fn listing(&self) -> Result<Arc<StoreListing>> {
        let mut all = self.service.all();
        if all.all(|one| one.config().stores.is_empty()) {
            // Says so.
            self.service.catalogue(None)?;
        }
        let listing = self
            .listings
            .renewed(LISTING_TIMEOUT)
            .ok_or_else(no_answer)?;
        match listing.unanswered() {
            Some(error) => Err(error.into()),
            None => Ok(listing),
        }
    }

    /// What the stores hold was changed by what was just done.
    pub fn stores_changed(&self) {
        self.listings.expire();
    }

    /// Takes no more runs and stops the one in progress, which is returned.
    pub fn close(&self, reason: Reason) -> Option<Arc<Job>> {
        self.queue.close(reason)
    }

    /// Waits until no run is in progress.
    pub async fn idle(&self) {
        self.queue.idle().await;
    }

    /// Waits until no run is in progress, and takes no more: another configuration has followed this one.
    pub async fn close_idle(&self) {
        self.queue.close_idle().await;
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

    /// Collects what has lost its parent, where this is the first process of a container, until it is dropped.
    pub async fn collect_lost_processes(&self) -> Infallible {
        let Some(mut lost) = LostProcesses::of_first_process() else {
            return pending().await;
        };
        loop {
            sleep(COLLECT_INTERVAL).await;
            lost.collect();
        }
    }
}

fn no_answer() -> Error {
    Error::run("stores-silent", "the stores do not answer")
        .hint("`sidecar check` says what is wrong with each of them")
}

/// What starts the backups of `one`: its own schedule, and of a member that of its set.
fn starting<'a>(all: &'a Service, one: &'a Service) -> Vec<&'a Timetable> {
    let (set, name) = (all.context.set(), one.config().member.as_ref());
    let is_in_set = name.is_some_and(|name| set.is_some_and(|set| set.members.contains(name)));
    let of_set = is_in_set.then_some(&all.timetables.backups);
    iter::once(&one.timetables.backups).chain(of_set).collect()
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
        Task::Drill => match failure_of(try_out(context, lock, job)) {
            None => tracing::info!(id, "drill passed"),
            Some(error) => failed("drill", &error),
        },
        Task::Verify(_) => match verification::run(context, lock, job) {
            Ok(found) => tracing::info!(id, copies = found.verified.len(), "verified"),
            Err(error) => failed("verification", &error),
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

fn try_out(context: &Context, lock: RunLock, job: &Arc<Job>) -> Result<RestoreReport> {
    match job.request().has_lease {
        true => schedule::run_drill(context, lock, job),
        false => schedule::run_asked_drill(context, lock, job),
    }
}

/// Why not all of it was restored.
fn failure_of(done: Result<RestoreReport>) -> Option<Error> {
    match done {
        Ok(report) => report.error,
        Err(error) => Some(error),
    }
}
