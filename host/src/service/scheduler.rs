//! Runs that start by themselves.
//!
//! One at a time: a slot that finds another run in progress waits for its end, then runs once. Slots
//! that pass meanwhile are skipped, because runs do not queue up.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Jobs, Known, Request, Service};
use crate::config::{Config, ScheduleSpec};
use crate::error::{Error, Kind, Result};
use crate::history::State;
use crate::schedule::{Past, Schedule, Slot, Timetable};

/// Who asks for a run that the schedule starts.
const ON_TIME: &str = "schedule";
/// Who asks for a run that makes up for a missed one.
const LATE: &str = "schedule, late";
/// The system's clock may be set: how often it is looked at.
const GLANCE: Duration = Duration::from_secs(30);
/// How often a run of another process, which tells nobody, is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The time of day, which tests bring along.
pub trait Clock: Sync {
    /// What it shows.
    fn now(&self) -> Timestamp;
    /// Returns when it shows `at`, or later.
    fn reaches(&self, at: Timestamp) -> impl Future<Output = ()> + Send;
}

/// The machine's.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn reaches(&self, at: Timestamp) {
        // Less than nothing is left when the time has passed.
        while let Ok(left) = Duration::try_from(at.duration_since(self.now()))
            && !left.is_zero()
        {
            sleep(left.min(GLANCE)).await;
        }
    }
}

impl Service {
    /// When the schedule starts the next run.
    pub fn next_run(&self) -> Option<Timestamp> {
        let next = self.timetable.next(Timestamp::now());
        next.map(|start| start.at)
    }

    /// What the journal knows of earlier runs.
    fn past(&self) -> Past {
        let succeeded = self.history().last(State::Succeeded);
        let late = self.history().last_asked_by(LATE);
        Past {
            succeeded: succeeded.and_then(|run| run.started_at),
            // The newest slot that had passed by then.
            caught_up: late.map(|run| Slot::at(run.queued_at)),
        }
    }
}

impl Jobs {
    /// Starts what `schedule` names, first what was missed, until it is dropped.
    pub async fn keep_schedule(self: &Arc<Self>, clock: &impl Clock) -> Infallible {
        let service = self.service().clone();
        // A journal that nobody can read knows of nothing.
        let past = spawn_blocking(move || service.past()).await;
        let run = |asked_by| self.clone().run_now(asked_by);
        let timetable = &self.service().timetable;
        follow(timetable, past.unwrap_or_default(), clock, run).await;
        // Nothing more will ever be due.
        std::future::pending().await
    }

    /// Waits for our turn, then for the end of the run.
    async fn run_now(self: Arc<Self>, asked_by: &'static str) {
        let request = Request {
            asked_by: asked_by.to_owned(),
            ..Request::new(None)
        };
        let mut waits = false;
        loop {
            let (jobs, request) = (self.clone(), request.clone());
            let started = spawn_blocking(move || jobs.start_scheduled(request)).await;
            match started {
                Ok(Ok(Known::Here(job))) => {
                    job.over().await;
                    return;
                }
                Ok(Err(busy)) if busy.kind() == Kind::Busy => {
                    if !std::mem::replace(&mut waits, true) {
                        tracing::warn!("the scheduled backup waits for the run in progress");
                    }
                    match self.job() {
                        Some(job) => drop(job.over().await),
                        None => sleep(LOOK).await,
                    }
                }
                // It was said already, or the sidecar is stopping.
                _ => return,
            }
        }
    }

    /// A run that cannot even begin is a failed run: nobody else would hear of it.
    fn start_scheduled(&self, request: Request) -> Result<Known> {
        let started = self.start(request.clone());
        if let Err(error) = &started
            && !matches!(error.kind(), Kind::Busy | Kind::ShuttingDown)
        {
            tracing::error!(
                code = error.code(),
                hint = error.hint_text(),
                "the scheduled backup cannot begin: {error}"
            );
            let service = self.service();
            service.give_up(&service.job(request), error);
        }
        started
    }
}

/// All schedules of a configuration.
pub(super) fn timetable(config: &Config) -> Result<Timetable> {
    let schedule =
        |spec: &ScheduleSpec| Schedule::new(&spec.cron, &spec.timezone, spec.jitter, spec.catch_up);
    let schedules: Result<Vec<_>, Error> = config.schedule.iter().map(schedule).collect();
    Ok(Timetable::new(schedules?, seed(config)))
}

/// What makes the jitter another than that of other sidecars, but the same for replicas: those
/// share their stores. Without stores there is nothing to agree upon.
fn seed(config: &Config) -> String {
    let stores = config.stores.iter();
    let places = stores.map(|store| format!("{}/{}\n", store.name, store.prefix));
    let seed: String = places.collect();
    match seed.is_empty() {
        // Without a name they start together.
        true => std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default(),
        false => seed,
    }
}

/// Calls `run`, with who asks, whenever a run is due, one after the other.
async fn follow<F: Future<Output = ()>>(
    timetable: &Timetable,
    past: Past,
    clock: &impl Clock,
    mut run: impl FnMut(&'static str) -> F,
) {
    let mut after = clock.now();
    if let Some(slot) = timetable.missed(past, after) {
        tracing::warn!("the backup of {} was missed: making it now", slot.time());
        run(LATE).await;
        after = after.max(clock.now());
    }
    while let Some(start) = timetable.next(after) {
        tracing::info!("next backup at {:.0}", start.at);
        clock.reaches(start.at).await;
        run(ON_TIME).await;
        after = start.at.max(clock.now());
        let passed = timetable.next(start.at).filter(|next| next.at <= after);
        if let Some(passed) = passed {
            tracing::warn!(
                "the backup of {} is skipped: the one before it took until now",
                passed.slot.time()
            );
        }
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;
