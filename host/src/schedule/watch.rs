//! When a run is due, by two clocks: the wall clock, which may be set at any time, and the monotonic one.
//! Pure.
//!
//! Due is the latest slot that the wall clock has reached and that has not run yet. No setting of the
//! clock may stop a schedule: one period after the last start a run is due in any case.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::slot::Slot;
use super::timetable::{Start, Timetable};

/// A slot that is that near may be made a little early.
const EARLY: SignedDuration = SignedDuration::from_mins(15);
/// Slots that are remembered: more lie in no two periods that matter.
const REMEMBERED: usize = 16;

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day.
    pub wall: Timestamp,
    /// Since some moment in the past.
    pub monotonic: Duration,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// This slot is due.
    Due(Slot),
    /// The clock was set: this is the next start now.
    Replanned(Start),
    /// Nothing, for so long at most.
    Wait(Duration),
}

/// Follows a timetable.
#[derive(Debug)]
pub struct SlotWatch<'t> {
    timetable: &'t Timetable,
    planned: Option<Start>,
    /// When that was planned: an earlier time means that the clock was set back.
    since: Timestamp,
    /// When a run is due whatever the wall clock shows, on the monotonic one.
    deadline: Duration,
    /// What has run, and how long the same name means the same run.
    ran: Vec<(Slot, Duration)>,
}

impl<'t> SlotWatch<'t> {
    /// Slots before `now` are over.
    pub fn begin(timetable: &'t Timetable, now: Moment) -> Self {
        Self {
            timetable,
            planned: timetable.next(now.wall),
            since: now.wall,
            deadline: now.monotonic.saturating_add(timetable.period_at(now.wall)),
            ran: Vec::new(),
        }
    }

    /// The next start, as far as the wall clock goes.
    pub fn planned(&self) -> Option<Start> {
        self.planned
    }

    /// Looks at the clocks, and says what to do.
    pub fn next_step(&mut self, now: Moment) -> NextStep {
        if now.wall < self.since {
            self.plan(now.wall);
            if let Some(start) = self.planned {
                return NextStep::Replanned(start);
            }
        }
        if self.planned.is_some_and(|planned| planned.at <= now.wall) {
            let reached = self.timetable.latest(now.wall);
            self.plan(now.wall);
            if let Some(reached) = reached.filter(|reached| !self.has_run(reached.slot, now)) {
                return NextStep::Due(reached.slot);
            }
        }
        if self.deadline <= now.monotonic {
            return NextStep::Due(self.overdue(now.wall));
        }
        NextStep::Wait(self.wait(now))
    }

    /// A run of `slot` that began at `begun` is over. Returns a start that has passed meanwhile: runs do
    /// not queue up.
    pub fn ran(&mut self, slot: Slot, begun: Moment, now: Moment) -> Option<Start> {
        let period = self.timetable.period_at(begun.wall);
        let until = begun.monotonic.saturating_add(period);
        // A run that takes longer than its period is followed by the next slot, not by itself.
        self.deadline = match until > now.monotonic {
            true => until,
            false => now.monotonic.saturating_add(period),
        };
        self.ran.insert(0, (slot, until));
        self.ran.truncate(REMEMBERED);
        self.plan(now.wall);
        let next = self.timetable.next(begun.wall)?;
        (next.at <= now.wall && next.slot != slot).then_some(next)
    }

    fn plan(&mut self, wall: Timestamp) {
        self.planned = self.timetable.next(wall);
        self.since = wall;
    }

    fn has_run(&self, slot: Slot, now: Moment) -> bool {
        let is_same = |(ran, until): &(Slot, Duration)| *ran == slot && now.monotonic < *until;
        self.ran.iter().any(is_same)
    }

    /// The name of a run that is due by the monotonic clock alone.
    fn overdue(&self, wall: Timestamp) -> Slot {
        match self.planned {
            Some(planned) if planned.at.duration_since(wall) <= EARLY => planned.slot,
            _ => Slot::at(wall),
        }
    }

    fn wait(&self, now: Moment) -> Duration {
        let by_deadline = self.deadline.saturating_sub(now.monotonic);
        let planned = self
            .planned
            .map(|planned| planned.at.duration_since(now.wall));
        match planned.and_then(|left| Duration::try_from(left).ok()) {
            Some(by_wall) => by_wall.min(by_deadline),
            None => by_deadline,
        }
    }
}
