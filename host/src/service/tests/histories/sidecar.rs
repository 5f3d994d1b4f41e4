//! A sidecar as far as it is not made up: its clocks, what it remembers, and who it is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{self, PlausibleTime, Readings};
use crate::schedule::{Moment, SlotWatch, Timetable};
use crate::store::{OwnerId, Profile};

const HOUR: Duration = Duration::from_secs(3600);

/// So many hours after the beginning.
pub(super) fn real(hour: u32) -> Timestamp {
    let begin: Timestamp = "2026-02-20T12:30:00Z".parse().unwrap();
    begin + SignedDuration::from_hours(hour.into())
}

pub(super) struct SimulatedSidecar<'t> {
    pub(super) owner: usize,
    pub(super) profile: Profile,
    pub(super) timetable: &'t Timetable,
    /// None while it is away.
    pub(super) watch: Option<SlotWatch<'t>>,
    pub(super) away_until: u32,
    /// Seconds that the machine's clock is ahead.
    pub(super) offset: i64,
    /// What is on its disk.
    pub(super) id: Option<OwnerId>,
    pub(super) journal: Vec<Timestamp>,
    /// What the process remembers: gone after a restart.
    sure: Option<(Timestamp, Duration)>,
    pub(super) spaced: Option<Duration>,
    /// When it has last begun, or has last learnt that a replica did it.
    pub(super) begun: u32,
    pub(super) runs: usize,
}

impl<'t> SimulatedSidecar<'t> {
    pub(super) fn new(owner: usize, profile: Profile, timetable: &'t Timetable) -> Self {
        Self {
            owner,
            profile,
            timetable,
            watch: None,
            away_until: 0,
            offset: 0,
            id: None,
            journal: Vec::new(),
            sure: None,
            spaced: None,
            begun: 0,
            runs: 0,
        }
    }

    pub(super) fn moment(&self, hour: u32) -> Moment {
        Moment {
            wall: real(hour) + SignedDuration::from_secs(self.offset),
            monotonic: HOUR * (hour + 1000),
        }
    }

    pub(super) fn stops(&mut self, until: u32) {
        self.watch = None;
        self.away_until = until;
    }

    /// A new process.
    pub(super) fn starts(&mut self, hour: u32) {
        (self.sure, self.spaced, self.begun) = (None, None, hour);
        self.watch = Some(SlotWatch::begin(self.timetable, self.moment(hour)));
    }

    pub(super) fn judge(
        &mut self,
        hour: u32,
        store: Option<Timestamp>,
        youngest: Option<Timestamp>,
    ) -> PlausibleTime {
        let now = self.moment(hour);
        let run_on = |(sure, then)| clock::after(sure, now.monotonic - then);
        let time = clock::plausible(Readings {
            wall: now.wall,
            run_on: self.sure.map(run_on),
            store,
            at_least: youngest.max(self.sure.map(|(sure, _)| sure)),
        });
        if time.doubt.is_none() {
            self.sure = Some((time.now, now.monotonic));
        }
        time
    }
}
