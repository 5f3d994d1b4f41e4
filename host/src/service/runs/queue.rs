//! The queue: runs for callers that do not wait on the spot, each on a thread of its own, one at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::handle::RunHandle;
use super::job::Job;
use super::lock::{RunLock, busy};
use super::post::owed;
use super::progress::ProgressReporter;
use super::request::{RunRequest, Task};
use super::{download_cache, record};
use crate::cancel::Reason;
use crate::error::{Error, Kind, Result};
use crate::history::Run;
use crate::service::context::Context;

/// How long an idempotency key is remembered.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Does what a job is for, and ends its run.
type Perform = fn(&Context, RunLock, &Arc<Job>);

/// The runs of this process, whichever of several strategies they are of, and the journal of all.
pub(in crate::service) struct Queue {
    context: Arc<Context>,
    perform: Perform,
    active: Arc<Mutex<ActiveRun>>,
    moment: watch::Sender<QueueMoment>,
}

/// What those learn that follow the queue.
#[derive(Clone, Default)]
pub struct QueueMoment {
    /// The run in progress, or the last one, as it ended.
    pub run: Option<RunHandle>,
    /// Whether no more run is taken.
    pub closed: bool,
}

#[derive(Default)]
struct ActiveRun {
    /// The run in progress.
    job: Option<Arc<Job>>,
    /// The run before it, in case the journal cannot be written.
    last: Option<Run>,
    /// Whether no more run is taken.
    closed: bool,
}

impl Queue {
    /// Finishes what an earlier process left, unless another one is running.
    pub(in crate::service) fn new(context: Arc<Context>, perform: Perform) -> Self {
        let finish = {
            let context = context.clone();
            move || match RunLock::acquire(&context) {
                Ok(lock) => drop(lock),
                Err(busy) if busy.kind() == Kind::Busy => {}
                Err(error) => {
                    tracing::error!(hint = error.hint_text(), "no backup can be made: {error}")
                }
            }
        };
        let is_owed = |context: &Context| owed::is_owed(&context.state_folder());
        match context.all().any(is_owed) {
            // A server that does not answer for a minute would be killed again.
            true => drop(thread::spawn(finish)),
            false => finish(),
        }
        Self {
            context,
            perform,
            active: Arc::default(),
            moment: watch::Sender::default(),
        }
    }

    /// The run in progress, and every change of it.
    pub(in crate::service) fn follow(&self) -> watch::Receiver<QueueMoment> {
        self.moment.subscribe()
    }

    /// Starts a run; under a key that was used before: finds that one. May wait for the disk.
    pub(in crate::service) fn start(&self, request: RunRequest) -> Result<RunHandle> {
        let mut active = self.active();
        if let Some(known) = self.under_key(&active, &request)? {
            return Ok(known);
        }
        if active.closed {
            return Err(Reason::ShuttingDown.error());
        }
        let is_running = |job: &Arc<Job>| !job.run().state.is_over();
        if active.job.as_ref().is_some_and(is_running) {
            return Err(busy());
        }
        let context = self.context.of(request.strategy.as_deref())?;
        let lock = RunLock::acquire(&context)?;
        if request.task == Task::Backup {
            download_cache::make_room(&context);
        }
        let job = Arc::new(Job::new(&context, request));
        self.context.history().record(&job.run());
        active.job = Some(job.clone());
        if let Err(error) = self.spawn(context, lock, &job) {
            active.job = None;
            return Err(error);
        }
        let handle = RunHandle::Here(job);
        self.moment
            .send_modify(|moment| moment.run = Some(handle.clone()));
        Ok(handle)
    }

    /// The run with this id. May wait for the disk.
    pub(in crate::service) fn get(&self, id: &str) -> Option<RunHandle> {
        let (job, last) = {
            let active = self.active();
            (active.job.clone(), active.last.clone())
        };
        if let Some(job) = job.and_then(|job| job.find(id)) {
            return Some(RunHandle::Here(job));
        }
        let run = self.context.history().get(id);
        let last = last.filter(|run| run.id == id);
        // The last one is as young as the journal, or younger, but does not know whether it was sent.
        let run = run.filter(|run| run.state.is_over() || last.is_none());
        run.or(last).map(|run| RunHandle::Written(Box::new(run)))
    }

    /// The run in progress, in this process or another one. May wait for the disk.
    pub(in crate::service) fn in_progress(&self) -> Option<Run> {
        let here = self.job().map(|job| job.run());
        here.filter(|run| !run.state.is_over())
            .or_else(|| self.context.history().running())
    }

    /// The run in progress in this process.
    pub(in crate::service) fn job(&self) -> Option<Arc<Job>> {
        self.active().job.clone()
    }

    /// Takes no more runs and stops the one in progress, which is returned.
    pub(in crate::service) fn close(&self, reason: Reason) -> Option<Arc<Job>> {
        let mut active = self.active();
        active.closed = true;
        self.moment.send_modify(|moment| moment.closed = true);
        let job = active.job.clone()?;
        job.cancel().cancel(reason);
        Some(job)
    }

    /// Waits until no run is in progress.
    pub(in crate::service) async fn idle(&self) {
        self.when_idle(|_| ()).await;
    }

    /// Waits until no run is in progress, and takes no more.
    pub(in crate::service) async fn close_idle(&self) {
        self.when_idle(|active| active.closed = true).await;
        self.moment.send_modify(|moment| moment.closed = true);
    }

    /// Does what no run may come in between of.
    async fn when_idle(&self, act: impl Fn(&mut ActiveRun)) {
        let mut moment = self.moment.subscribe();
        loop {
            {
                let mut active = self.active();
                let is_running = |job: &Arc<Job>| !job.run().state.is_over();
                if !active.job.as_ref().is_some_and(is_running) {
                    return act(&mut active);
                }
            }
            // Its sender is here.
            let _ = moment.changed().await;
        }
    }

    /// Whether no more run is taken.
    pub(in crate::service) fn is_closed(&self) -> bool {
        self.active().closed
    }

    fn under_key(&self, active: &ActiveRun, request: &RunRequest) -> Result<Option<RunHandle>> {
        let Some(key) = &request.idempotency_key else {
            return Ok(None);
        };
        let here = active
            .job
            .clone()
            .filter(|job| job.request().idempotency_key.as_ref() == Some(key));
        let known = match here {
            Some(job) => Some(RunHandle::Here(job)),
            None => {
                let run = self.context.history().by_key(key, KEY_LIFETIME);
                run.map(|run| RunHandle::Written(Box::new(run)))
            }
        };
        let another = known.as_ref().is_some_and(|known| {
            let asked = known.run().fingerprint;
            asked.is_some_and(|asked| asked != request.fingerprint())
        });
        if another {
            return Err(Error::new(
                Kind::BadRequest,
                "key-reused",
                "this Idempotency-Key was used for another request",
            )
            .hint("use a new key for every new request"));
        }
        Ok(known)
    }

    fn spawn(&self, context: Arc<Context>, lock: RunLock, job: &Arc<Job>) -> Result<()> {
        let perform = self.perform;
        let (job, active) = (job.clone(), self.active.clone());
        let moment = self.moment.clone();
        let work = move || {
            let _progress = ProgressReporter::log(&job);
            // Everything that waits for the job must learn of its end, whatever it was.
            let ran = catch_unwind(AssertUnwindSafe(|| perform(&context, lock, &job)));
            if ran.is_err() {
                record::give_up(context.history(), &job, &panicked());
            }
            context.history().catch_up();
            let mut active = locked(&active);
            active.last = Some(job.run());
            // Unless the next one has begun already.
            active.job.take_if(|current| Arc::ptr_eq(current, &job));
            // The job would hold its bytes.
            let over = RunHandle::Written(Box::new(job.run()));
            moment.send_modify(|moment| moment.run = Some(over));
        };
        thread::Builder::new()
            .name("run".to_owned())
            .spawn(work)
            .map(drop)
            .map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the run's thread: {error}"),
                )
            })
    }

    fn active(&self) -> MutexGuard<'_, ActiveRun> {
        locked(&self.active)
    }
}

fn locked(active: &Mutex<ActiveRun>) -> MutexGuard<'_, ActiveRun> {
    active.lock()
}

fn panicked() -> Error {
    Error::run("internal", "internal error: the run was given up")
        .hint("the log has the place; please report it")
}
