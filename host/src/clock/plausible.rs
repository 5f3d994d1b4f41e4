//! What "now" may be: several witnesses, none of which is believed alone. Pure.
//!
//! Trust decides only what may be deleted, forgotten or taken as done. Backups are made in any case.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Clocks that differ by no more are the same.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// A backup is expected at least that often.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(45 * 24);

/// What the witnesses say.
#[derive(Debug, Clone, Copy)]
pub struct Readings {
    /// The machine's wall clock.
    pub wall: Timestamp,
    /// The last time that was sure, and what has passed since on the monotonic clock; none at a start.
    pub run_on: Option<Timestamp>,
    /// The store's clock, if it has one of its own.
    pub store: Option<Timestamp>,
    /// It cannot be much earlier than that: the youngest backup, or the last sure time.
    pub at_least: Option<Timestamp>,
}

/// A time, and what makes it doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlausibleTime {
    /// The best guess.
    pub now: Timestamp,
    /// None if it is sure.
    pub doubt: Option<Doubt>,
}

/// Why a time is not sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// The youngest backup is newer than now, though the store agrees with the machine.
    BackupsFromTheFuture,
    /// The clocks of the machine and of the store differ.
    ClockDiffers,
    /// The clock was set while the sidecar ran.
    ClockStepped,
    /// The clock is far from the youngest backup, and there is no other witness.
    ClockUnknown,
    /// There is nothing to compare the clock with: no backup, no store with a clock.
    NoWitness,
}

impl Doubt {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::BackupsFromTheFuture => "backups-from-the-future",
            Self::ClockDiffers => "clock-differs",
            Self::ClockStepped => "clock-stepped",
            Self::ClockUnknown => "clock-unknown",
            Self::NoWitness => "no-witness",
        }
    }

    /// For people.
    pub fn message(self) -> &'static str {
        match self {
            Self::BackupsFromTheFuture => "the youngest backup is from the future",
            Self::ClockDiffers => "the clocks of this machine and of the store differ",
            Self::ClockStepped => "the clock was set while the sidecar ran",
            Self::ClockUnknown => "the clock is far from the time of the youngest backup",
            Self::NoWitness => "there is nothing yet to compare the clock with",
        }
    }

    /// Whether an operator should hear of it. A store that is empty is no reason for alarm.
    pub fn is_news(self) -> bool {
        self != Self::NoWitness
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// Judges the witnesses.
pub fn plausible(readings: Readings) -> PlausibleTime {
    let Readings {
        wall,
        run_on,
        store,
        at_least,
    } = readings;
    let near = |time: Timestamp| {
        at_least.is_some_and(|least| {
            let since = time.duration_since(least);
            (-TOLERANCE..=LONGEST_PAUSE).contains(&since)
        })
    };
    let is_before = at_least.is_some_and(|least| wall.duration_since(least) < -TOLERANCE);
    let (now, doubt) = match (store, run_on) {
        (Some(store), _) if same(store, wall) => {
            (wall, is_before.then_some(Doubt::BackupsFromTheFuture))
        }
        (Some(store), run_on) => {
            let now = match (near(wall), near(store)) {
                (true, false) => wall,
                (false, true) => store,
                _ if run_on.is_some_and(|run_on| same(run_on, wall)) => wall,
                _ => store,
            };
            (now, Some(Doubt::ClockDiffers))
        }
        (None, Some(run_on)) if !same(run_on, wall) => (run_on, Some(Doubt::ClockStepped)),
        (None, _) if near(wall) => (wall, None),
        (None, _) if at_least.is_none() => (wall, Some(Doubt::NoWitness)),
        (None, _) => (wall, Some(Doubt::ClockUnknown)),
    };
    PlausibleTime { now, doubt }
}

/// Whether two clocks agree.
fn same(a: Timestamp, b: Timestamp) -> bool {
    a.duration_since(b).abs() <= TOLERANCE
}

/// What a clock that was right at `sure` shows after `passed`.
pub fn after(sure: Timestamp, passed: Duration) -> Timestamp {
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    sure.saturating_add(passed).unwrap_or(sure)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
