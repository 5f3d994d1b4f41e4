//! Runs for callers who do not wait on the spot: each on a thread of its own, one at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use jiff::SignedDuration;

use super::turn::Turn;
use super::{Job, Pulse, Request, RestoreReport, Service, Task};
use crate::cancel::Reason;
use crate::error::{Error, Kind, Result};
use crate::history::{Failure, Run, State};

/// How long an idempotency key is remembered.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The runs of this process, and the journal of all.
pub struct Jobs {
    service: Arc<Service>,
    seat: Arc<Mutex<Seat>>,
}

#[derive(Default)]
struct Seat {
    /// The run in progress.
    job: Option<Arc<Job>>,
    /// The run before it, in case that the journal cannot be written.
    last: Option<Run>,
    /// Whether no more run is taken.
    closed: bool,
}

/// A run that somebody asks about.
pub enum Known {
    /// Of this process: can be watched and stopped.
    Here(Arc<Job>),
    /// Of another process, or of the past.
    Written(Box<Run>),
}

impl Known {
    /// How it stands.
    pub fn run(&self) -> Run {
        match self {
            Known::Here(job) => job.run(),
            Known::Written(run) => (**run).clone(),
        }
    }
}

impl Jobs {
    /// Finishes what an earlier process left, unless another one is running.
    pub fn new(service: Arc<Service>) -> Self {
        match service.turn() {
            Ok(turn) => drop(turn),
            Err(busy) if busy.kind() == Kind::Busy => {}
            Err(error) => {
                tracing::error!(hint = error.hint_text(), "no backup can be made: {error}")
            }
        }
        Self {
            service,
            seat: Arc::default(),
        }
    }

    /// What makes the backups.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Starts a run; under a key that was used before: finds that one. May wait for the disk.
    pub fn start(&self, request: Request) -> Result<Known> {
        let mut seat = self.seat();
        if let Some(known) = self.under_key(&seat, &request)? {
            return Ok(known);
        }
        if seat.closed {
            return Err(Reason::ShuttingDown.error());
        }
        let turn = self.service.turn()?;
        if request.task == Task::Backup {
            self.service.make_room();
        }
        let job = Arc::new(self.service.job(request));
        self.service.history().record(&job.run());
        seat.job = Some(job.clone());
        if let Err(error) = self.spawn(turn, &job) {
            seat.job = None;
            return Err(error);
        }
        Ok(Known::Here(job))
    }

    /// The run with this id. May wait for the disk.
    pub fn get(&self, id: &str) -> Option<Known> {
        let (job, last) = {
            let seat = self.seat();
            (seat.job.clone(), seat.last.clone())
        };
        if let Some(job) = job.filter(|job| job.request().id == id) {
            return Some(Known::Here(job));
        }
        let run = self.service.history().get(id);
        let last = last.filter(|run| run.id == id);
        // The last one is as young as the journal, or younger, but does not know of its delivery.
        let run = run.filter(|run| run.state.is_over() || last.is_none());
        run.or(last).map(|run| Known::Written(Box::new(run)))
    }

    /// The run in progress, in this process or another one. May wait for the disk.
    pub fn in_progress(&self) -> Option<Run> {
        let here = self.job().map(|job| job.run());
        here.filter(|run| !run.state.is_over())
            .or_else(|| self.service.history().running())
    }

    /// The run in progress in this process.
    pub(super) fn job(&self) -> Option<Arc<Job>> {
        self.seat().job.clone()
    }

    /// Takes no more runs and stops the one in progress, which is returned.
    pub fn close(&self, reason: Reason) -> Option<Arc<Job>> {
        let mut seat = self.seat();
        seat.closed = true;
        let job = seat.job.clone()?;
        job.cancel().cancel(reason);
        Some(job)
    }

    /// Whether no more run is taken.
    pub fn is_closed(&self) -> bool {
        self.seat().closed
    }

    fn under_key(&self, seat: &Seat, request: &Request) -> Result<Option<Known>> {
        let Some(key) = &request.idempotency_key else {
            return Ok(None);
        };
        let here = seat
            .job
            .clone()
            .filter(|job| job.request().idempotency_key.as_ref() == Some(key));
        let known = match here {
            Some(job) => Some(Known::Here(job)),
            None => {
                let run = self.service.history().by_key(key, KEY_LIFETIME);
                run.map(|run| Known::Written(Box::new(run)))
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

    fn spawn(&self, turn: Turn, job: &Arc<Job>) -> Result<()> {
        let (service, job, seat) = (self.service.clone(), job.clone(), self.seat.clone());
        let work = move || {
            let _pulse = Pulse::log(&job);
            // Whoever waits for the job must hear of its end, whatever it was.
            let ran = catch_unwind(AssertUnwindSafe(|| service.perform(turn, &job)));
            if ran.is_err() {
                service.panicked(&job);
            }
            service.history().catch_up();
            let mut seat = lock(&seat);
            seat.last = Some(job.run());
            // Unless the next one sits there already.
            seat.job.take_if(|sitting| Arc::ptr_eq(sitting, &job));
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

    fn seat(&self) -> MutexGuard<'_, Seat> {
        lock(&self.seat)
    }
}

fn lock(seat: &Mutex<Seat>) -> MutexGuard<'_, Seat> {
    seat.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why not all of it was restored.
fn failure_of(done: Result<RestoreReport>) -> Option<Error> {
    match done {
        Ok(report) => report.error,
        Err(error) => Some(error),
    }
}

impl Service {
    /// Does what is to be done, and tells the log how it went.
    fn perform(&self, turn: Turn, job: &Arc<Job>) {
        let failed = |what, error: &Error| {
            tracing::error!(
                id = job.request().id,
                code = error.code(),
                hint = error.hint_text(),
                "{what} failed: {error}"
            );
        };
        match &job.request().task {
            Task::Backup => match self.run(turn, job) {
                Ok(backup) => tracing::info!(
                    id = backup.id,
                    size = backup.artifact.size,
                    duration_ms = backup.duration_ms,
                    "backup made"
                ),
                Err(error) => failed("backup", &error),
            },
            Task::Restore(order) => match failure_of(self.run_restore(turn, job, order)) {
                None => tracing::info!(id = job.request().id, "backup restored"),
                Some(error) => failed("restore", &error),
            },
            Task::Drill => match failure_of(self.run_drill(turn, job)) {
                None => tracing::info!(id = job.request().id, "drill passed"),
                Some(error) => failed("drill", &error),
            },
        }
    }

    fn panicked(&self, job: &Job) {
        let error = Error::run("internal", "the sidecar made a mistake and gave up the run")
            .hint("the log has the place; please report it");
        self.give_up(job, &error);
    }

    /// Ends a run that could not end, or begin, by itself.
    pub(super) fn give_up(&self, job: &Job, error: &Error) {
        let mut run = job.run();
        run.end(State::Failed, Err(Failure::from(error)));
        job.forget_bytes();
        self.history().record(&run);
        job.announce(run);
    }
}
