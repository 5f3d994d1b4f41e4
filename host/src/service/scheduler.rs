//! Runs that start by themselves.
//!
//! One at a time: a slot that finds another run in progress waits for its end, then runs once. Slots
//! that pass meanwhile are skipped, because runs do not queue up. Replicas with the same stores make
//! one backup a slot: see `claim`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::claim::Claim;
use super::ship::MISSED;
use super::{Jobs, Known, Request, Run, Service};
use crate::clock;
use crate::config::{Config, ScheduleSpec, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::history::State;
use crate::schedule::{Past, Schedule, Slot, Timetable};
use crate::store::{Patience, Store};

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
        clock::now()
    }

    async fn reaches(&self, at: Timestamp) {
        // Less than nothing is left when the time has passed.
        while let Ok(left) = Duration::try_from(at.duration_since(self.now()))
            && !left.is_zero()
        {
            sleep(clock::nap(left.min(GLANCE))).await;
        }
    }
}

impl Service {
    /// When the schedule starts the next run.
    pub fn next_run(&self) -> Option<Timestamp> {
        let next = self.timetable.next(clock::now());
        next.map(|start| start.at)
    }

    /// What the journal knows of earlier runs, and the stores of those of replicas.
    fn past(&self) -> Past {
        let succeeded = self.history().last(State::Succeeded);
        let late = self.history().last_asked_by(LATE);
        Past {
            succeeded: succeeded
                .and_then(|run| run.started_at)
                .max(self.newest_stored()),
            // The newest slot that had passed by then.
            caught_up: late.map(|run| Slot::at(run.queued_at)),
        }
    }

    /// When the newest backup was begun that any store has. One that does not answer has none.
    fn newest_stored(&self) -> Option<Timestamp> {
        let newest = |spec: &StoreSpec| {
            let catalogue = self.runtime()?.block_on(async {
                let store = Store::open(spec, Patience::CHECK)?;
                store.catalogue().await
            })?;
            let newest = catalogue.backups.first();
            Ok::<_, Error>(newest.map(|backup| backup.manifest.started_at))
        };
        let stores = self.config().stores.iter();
        let asked = stores.map(|spec| {
            newest(spec).unwrap_or_else(|error| {
                let (store, hint) = (&spec.name, error.hint_text());
                tracing::warn!(store, hint, "cannot see which backups it has: {error}");
                None
            })
        });
        asked.max().flatten()
    }
}

impl Jobs {
    /// Starts what `schedule` names, first what was missed, until it is dropped.
    pub async fn keep_schedule(self: &Arc<Self>, clock: &impl Clock) -> Infallible {
        let begun = clock.now();
        let timetable = &self.service().timetable;
        if timetable.next(begun).is_some() {
            let service = self.service().clone();
            // A journal that nobody can read knows of nothing.
            let past = spawn_blocking(move || service.past()).await;
            let run = |asked_by, slot| self.clone().run_slot(asked_by, slot, clock);
            let past = past.unwrap_or_default();
            follow("backup", timetable, past, begun, clock, run).await;
        }
        // Nothing more will ever be due.
        std::future::pending().await
    }

    /// Starts the drills that are due, until it is dropped.
    pub async fn keep_drills(self: &Arc<Self>, clock: &impl Clock) -> Infallible {
        let timetable = &self.service().drills;
        let run = |_, _| async {
            let request = Request {
                asked_by: ON_TIME.to_owned(),
                ..Request::drill()
            };
            self.run_now(request).await;
        };
        follow("drill", timetable, Past::default(), clock.now(), clock, run).await;
        std::future::pending().await
    }

    /// Makes the backup of a slot, unless a replica does. One that dies over it is followed.
    async fn run_slot(self: Arc<Self>, asked_by: &'static str, slot: Slot, clock: &impl Clock) {
        let request = Request {
            asked_by: asked_by.to_owned(),
            ..Request::new(None)
        };
        let time = slot.time();
        let mut known = None;
        loop {
            let (service, id) = (self.service().clone(), request.id.clone());
            let claimed = spawn_blocking(move || service.claim(slot, &id)).await;
            match claimed {
                Ok(Ok(Claim::Ours(leases))) => {
                    let run = self.run_now(request).await;
                    let made = run.is_some_and(|run| made_a_backup(&run));
                    let service = self.service().clone();
                    // What could not be given back was logged, and ends by itself.
                    let _ = spawn_blocking(move || service.unclaim(leases, made)).await;
                    return;
                }
                Ok(Ok(Claim::Done { owner })) => {
                    tracing::info!(owner, "a replica has made the backup of {time}");
                    return;
                }
                Ok(Ok(Claim::Theirs { owner, until })) => {
                    if known.as_ref() != Some(&owner) {
                        tracing::info!(owner, "a replica is making the backup of {time}");
                    }
                    known = Some(owner);
                    clock.reaches(until).await;
                }
                // Without the means to ask others, nobody is asked.
                Ok(Err(_)) | Err(_) => {
                    self.run_now(request).await;
                    return;
                }
            }
        }
    }

    /// Waits for our turn, then for the end of the run.
    async fn run_now(self: &Arc<Self>, request: Request) -> Option<Run> {
        let mut waits = false;
        loop {
            let (jobs, request) = (self.clone(), request.clone());
            let started = spawn_blocking(move || jobs.start_scheduled(request)).await;
            match started {
                Ok(Ok(Known::Here(job))) => return Some(job.over().await),
                Ok(Err(busy)) if busy.kind() == Kind::Busy => {
                    if !std::mem::replace(&mut waits, true) {
                        tracing::warn!("what the schedule starts waits for the run in progress");
                    }
                    match self.job() {
                        Some(job) => drop(job.over().await),
                        None => sleep(LOOK).await,
                    }
                }
                // It was said already, or the sidecar is stopping.
                _ => return None,
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
                "what the schedule starts cannot begin: {error}"
            );
            let service = self.service();
            service.give_up(&service.job(request), error);
        }
        started
    }
}

/// Whether the slot of this run is done: what a store has missed is sent by whoever made it.
fn made_a_backup(run: &Run) -> bool {
    let missed = run.error.as_ref().is_some_and(|error| error.code == MISSED);
    run.state == State::Succeeded || missed
}

/// All schedules of a configuration.
pub(super) fn timetable(config: &Config) -> Result<Timetable> {
    let schedule =
        |spec: &ScheduleSpec| Schedule::new(&spec.cron, &spec.timezone, spec.jitter, spec.catch_up);
    let schedules: Result<Vec<_>, Error> = config.schedule.iter().map(schedule).collect();
    Ok(Timetable::new(schedules?, seed(config)))
}

/// When drills are due.
pub(super) fn drills(config: &Config) -> Result<Timetable> {
    let cron = config
        .drill
        .as_ref()
        .and_then(|drill| drill.cron.as_deref());
    let schedule = cron.map(|cron| Schedule::new(cron, "UTC", Duration::ZERO, false));
    Ok(Timetable::new(
        schedule.transpose()?.into_iter().collect(),
        String::new(),
    ))
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

/// Calls `run`, with who asks, whenever a run is due after `begun`, one after the other.
async fn follow<F: Future<Output = ()>>(
    what: &str,
    timetable: &Timetable,
    past: Past,
    begun: Timestamp,
    clock: &impl Clock,
    mut run: impl FnMut(&'static str, Slot) -> F,
) {
    let mut after = begun;
    if let Some(slot) = timetable.missed(past, after) {
        tracing::warn!("the {what} of {} was missed: making it now", slot.time());
        run(LATE, slot).await;
        after = after.max(clock.now());
    }
    while let Some(start) = timetable.next(after) {
        tracing::info!("next {what} at {:.0}", start.at);
        clock.reaches(start.at).await;
        run(ON_TIME, start.slot).await;
        after = start.at.max(clock.now());
        let passed = timetable.next(start.at).filter(|next| next.at <= after);
        if let Some(passed) = passed {
            tracing::warn!(
                "the {what} of {} is skipped: the one before it took until now",
                passed.slot.time()
            );
        }
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;
