//! All schedules of a sidecar.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::cron::Schedule;
use super::slot::Slot;

/// `schedule`: entries that name the same time share one slot, and so one run.
#[derive(Debug, Clone)]
pub struct Timetable {
    schedules: Vec<Schedule>,
    seed: String,
}

/// A run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// When it starts: the nominal time and the jitter.
    pub at: Timestamp,
    /// Its name.
    pub slot: Slot,
}

/// What is known of earlier runs when the sidecar starts, from its journal or the stores' manifests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// When the last successful run started, whatever asked for it.
    pub succeeded: Option<Timestamp>,
    /// The last slot that was made up for, with success or without.
    pub caught_up: Option<Slot>,
}

impl Timetable {
    /// `seed` makes the jitter: the same for replicas, another one for other sidecars. The stores'
    /// names and prefixes are a good one.
    pub fn new(schedules: Vec<Schedule>, seed: impl Into<String>) -> Self {
        let seed = seed.into();
        Self { schedules, seed }
    }

    /// The first start after `after`; `None` without schedules.
    pub fn next(&self, after: Timestamp) -> Option<Start> {
        let starts = self.schedules.iter().filter_map(|schedule| {
            // The jitter of the slot before may not be over.
            let begun = schedule.latest(after).map(|slot| self.start(slot));
            begun
                .filter(|start| start.at > after)
                .or_else(|| schedule.next(after).map(|slot| self.start(slot)))
        });
        starts.min()
    }

    /// The slot to make up for at once: the latest that should have started by `now`, if
    /// its schedule wants that and no run has succeeded since.
    ///
    /// One run makes up for all that were missed, and each slot is made up for once: a run that
    /// takes the container down with it is not repeated at every restart. A sidecar without any
    /// success has missed nothing: it waits for its first slot.
    pub fn missed(&self, past: Past, now: Timestamp) -> Option<Slot> {
        let succeeded = past.succeeded?;
        let wanting = self
            .schedules
            .iter()
            .filter(|schedule| schedule.catches_up());
        let latest = wanting.filter_map(|schedule| self.latest_start(schedule, now));
        latest
            .map(|start| start.slot)
            .max()
            .filter(|slot| slot.time() > succeeded)
            .filter(|slot| past.caught_up.is_none_or(|done| done < *slot))
    }

    /// How far the starts around this time lie apart.
    pub fn period_at(&self, wall: Timestamp) -> Duration {
        let next = self.next(wall);
        let period = next.and_then(|next| {
            let before = self.latest(wall)?;
            Duration::try_from(next.at.duration_since(before.at)).ok()
        });
        period.unwrap_or(Duration::MAX)
    }

    /// The last start at or before `now`; `None` without schedules.
    pub fn latest(&self, now: Timestamp) -> Option<Start> {
        let starts = self.schedules.iter();
        starts
            .filter_map(|schedule| self.latest_start(schedule, now))
            .max()
    }

    /// The last start of `schedule` at or before `now`.
    fn latest_start(&self, schedule: &Schedule, now: Timestamp) -> Option<Start> {
        let latest = self.start(schedule.latest(now)?);
        if latest.at <= now {
            return Some(latest);
        }
        let before = latest.slot.time().checked_sub(SignedDuration::from_secs(1));
        Some(self.start(schedule.latest(before.ok()?)?))
    }

    /// Of the entries that name this slot, the one with the least delay starts it.
    pub(super) fn start(&self, slot: Slot) -> Start {
        let naming = self.schedules.iter();
        let naming = naming.filter(|schedule| schedule.latest(slot.time()) == Some(slot));
        let starts = naming.map(|schedule| schedule.start(slot, &self.seed));
        let at = starts.min().unwrap_or(slot.time());
        Start { at, slot }
    }
}
