//! Lets a history pass, hour by hour.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::sidecar::{SimulatedSidecar, real};
use super::store::SimulatedPrefix;
use super::world::{Company, HistoryEvent, SimulatedWorld};
use crate::schedule::{NextStep, Past, Schedule, Timetable};
use crate::store::Profile;

/// The timetables of both owners.
pub(super) fn timetables(world: &SimulatedWorld) -> [Timetable; 2] {
    world.zones.map(|zone| {
        let schedule = Schedule::new("0 3 * * *", zone, Duration::ZERO, true).unwrap();
        Timetable::new(vec![schedule], "seed")
    })
}

pub(super) struct Simulation<'w> {
    pub(super) world: &'w SimulatedWorld,
    /// Whether it goes by floor, trust and brake.
    pub(super) careful: bool,
    pub(super) hour: u32,
    pub(super) sidecars: Vec<SimulatedSidecar<'w>>,
    pub(super) stores: [SimulatedPrefix; 2],
    /// Seconds that the clock of the stores is ahead.
    pub(super) store_offset: i64,
    pub(super) ids: usize,
    /// By owner: when the last run began.
    pub(super) begun: [u32; 2],
    /// By owner: when a process last went away.
    pub(super) left: [Option<u32>; 2],
}

impl<'w> Simulation<'w> {
    pub(super) fn new(
        world: &'w SimulatedWorld,
        timetables: &'w [Timetable; 2],
        careful: bool,
    ) -> Self {
        let sidecar = |number: usize| {
            let owner = world.owner(number);
            let filename = match (world.company, owner) {
                (Company::Together { alike: false }, 1) => "other.dump",
                _ => "backup.dump",
            };
            let profile = Profile {
                strategy: "custom".to_owned(),
                filename: filename.to_owned(),
                format: "binary".to_owned(),
                source: format!("database {owner}"),
                machine: format!("host {number}"),
            };
            SimulatedSidecar::new(owner, profile, &timetables[owner])
        };
        Self {
            world,
            careful,
            hour: 0,
            sidecars: (0..world.sidecars()).map(sidecar).collect(),
            stores: Default::default(),
            store_offset: 0,
            ids: 0,
            begun: [0; 2],
            left: [None; 2],
        }
    }

    pub(super) fn passes(mut self) -> Result<(), TestCaseError> {
        let mut events = self.world.events.iter();
        let mut next = events.next();
        let mut since = 0;
        while self.hour < self.world.days * 24 {
            while let Some((_, who, event)) = next.filter(|(after, ..)| since >= *after) {
                since = 0;
                self.happens(who % self.sidecars.len(), event);
                next = events.next();
            }
            for number in 0..self.sidecars.len() {
                self.looks(number)?;
            }
            self.hour += 1;
            since += 1;
            self.has_not_stopped()?;
        }
        Ok(())
    }

    /// A process is away from now on.
    pub(super) fn goes_away(&mut self, number: usize, until: u32) {
        self.sidecars[number].stops(until);
        self.left[self.world.owner(number)] = Some(self.hour);
    }

    fn happens(&mut self, number: usize, event: &HistoryEvent) {
        let hour = self.hour;
        let store = &mut self.stores[self.world.store(number)];
        let sidecar = &mut self.sidecars[number];
        match event {
            HistoryEvent::Set(seconds) => sidecar.offset = *seconds,
            HistoryEvent::SetRight => sidecar.offset = 0,
            HistoryEvent::SetStore(seconds) => self.store_offset = *seconds,
            HistoryEvent::Restart(hours) => self.goes_away(number, hour + hours),
            HistoryEvent::LoseDisk(hours) => {
                (sidecar.id, sidecar.journal) = (None, Vec::new());
                self.goes_away(number, hour + hours);
            }
            HistoryEvent::RefuseCopies(hours) => store.refuses_copies = hour + hours,
            HistoryEvent::Rot(index) => {
                if !store.backups.is_empty() {
                    let count = store.backups.len();
                    store.backups[index.index(count)].record.good = false;
                }
            }
        }
    }

    /// One look of a sidecar at its clocks.
    fn looks(&mut self, number: usize) -> Result<(), TestCaseError> {
        let sidecar = &mut self.sidecars[number];
        if sidecar.watch.is_none() {
            if sidecar.away_until > self.hour {
                return Ok(());
            }
            self.starts(number)?;
        }
        loop {
            let sidecar = &mut self.sidecars[number];
            let now = sidecar.moment(self.hour);
            let Some(watch) = &mut sidecar.watch else {
                return Ok(());
            };
            match watch.next_step(now) {
                NextStep::Due(slot) => {
                    self.run_slot(number, slot)?;
                    let after = self.sidecars[number].moment(self.hour);
                    if let Some(watch) = &mut self.sidecars[number].watch {
                        watch.ran(slot, now, after);
                    }
                }
                NextStep::Replanned(_) => {}
                NextStep::Wait(_) => return Ok(()),
            }
        }
    }

    /// A new process, which makes up for what was missed.
    fn starts(&mut self, number: usize) -> Result<(), TestCaseError> {
        let hour = self.hour;
        let all_away = self.sidecars.iter().all(|one| one.watch.is_none());
        let store = &self.stores[self.world.store(number)];
        let sidecar = &mut self.sidecars[number];
        sidecar.starts(hour);
        let now = sidecar.moment(hour);
        // The journal, and what the store has.
        let own = store
            .backups
            .iter()
            .filter(|one| one.owner == sidecar.owner);
        let known = own.map(|one| one.record.taken_at);
        let known: Vec<_> = known.chain(sidecar.journal.iter().copied()).collect();
        let passed = known.iter().copied().filter(|at| *at <= now.wall).max();
        let past = Past {
            succeeded: passed.or((!known.is_empty()).then_some(Timestamp::UNIX_EPOCH)),
            caught_up: None,
        };
        if self.world.company != Company::Replicas || all_away {
            self.begun[sidecar.owner] = hour;
        }
        if let Some(slot) = sidecar.timetable.missed(past, now.wall) {
            self.run_slot(number, slot)?;
            let after = self.sidecars[number].moment(hour);
            if let Some(watch) = &mut self.sidecars[number].watch {
                watch.ran(slot, now, after);
            }
        }
        Ok(())
    }

    pub(super) fn store_clock(&self) -> Timestamp {
        real(self.hour) + SignedDuration::from_secs(self.store_offset)
    }

    /// What time files in a store get: on a disk of its own machine, the sidecar's.
    pub(super) fn file_clock(&self, number: usize) -> Timestamp {
        let is_shared = self.world.company != Company::Single;
        match self.world.has_own_clock || is_shared {
            true => self.store_clock(),
            false => self.sidecars[number].moment(self.hour).wall,
        }
    }

    /// A day has 25 hours when the clocks go back, and the looks are an hour apart. Where a process has made
    /// the backup of a slot early, by its clock, and went away, the next one, or its replica, finds that slot
    /// done for a day at most, and waits for the next slot from then on.
    fn has_not_stopped(&self) -> Result<(), TestCaseError> {
        const LONGEST: u32 = 26;
        for sidecar in &self.sidecars {
            if sidecar.watch.is_some() {
                let without = self.hour - sidecar.begun;
                prop_assert!(without <= LONGEST, "no look at a run for {without} hours");
                let without = self.hour - self.begun[sidecar.owner];
                let left = self.left[sidecar.owner].map(|left| self.hour - left);
                let longest = match left {
                    Some(since) if !self.world.has_right_clocks && since < 2 * LONGEST => {
                        2 * LONGEST
                    }
                    _ => LONGEST,
                };
                prop_assert!(without <= longest, "no run for {without} hours, {left:?}");
            }
        }
        Ok(())
    }
}
