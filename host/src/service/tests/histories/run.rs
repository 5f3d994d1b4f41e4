//! One run of a sidecar: its slot, whose the store is, the backup, and what goes for it.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::sidecar::real;
use super::simulation::Simulation;
use super::store::{SimulatedBackup, SimulatedPrefix, manifest};
use super::world::SimulatedRun;
use crate::clock::PlausibleTime;
use crate::config::{Policy, Tier};
use crate::retention::{self, Arrival, Arrivals, Pace, RetentionRecord};
use crate::schedule::Slot;
use crate::store::{
    LeaseMoment, LeaseRecord, OwnerId, OwnerRecord, Ownership, Standing, adoptable, judge,
};

const LEASE: Duration = Duration::from_secs(120);

impl Simulation<'_> {
    /// Makes the backup of a slot, unless a replica has made it.
    pub(super) fn run_slot(&mut self, number: usize, slot: Slot) -> Result<(), TestCaseError> {
        let hour = self.hour;
        let (wall, store_clock) = (self.sidecars[number].moment(hour).wall, self.store_clock());
        let file_clock = self.file_clock(number);
        let ownership = self.claims(number);
        let store = &mut self.stores[self.world.store(number)];
        let sidecar = &mut self.sidecars[number];
        sidecar.begun = hour;
        let name = ownership.id().map(|id| id.short().to_owned()).unwrap();
        let seen = match self.world.has_own_clock {
            true => store_clock.min(wall),
            false => wall,
        };
        let here = LeaseMoment {
            boot: Some(format!("machine {number}")),
            up: u64::from(hour) * 3600,
            store: self.world.has_own_clock.then_some(store_clock),
        };
        let (text, period) = (slot.to_string(), sidecar.timetable.period_at(slot.time()));
        if store.is_done(&name, &text, seen, &here, period, file_clock) {
            return Ok(());
        }
        let found = store.leases.get(&name).map(|(record, _)| record.clone());
        // One whose owner was killed is free within the hour.
        let owner = format!("{number} {hour}");
        let lease = LeaseRecord::next(found, &owner, &text, LEASE, seen);
        let released = lease.released(true, Vec::new(), here.clone());
        let failed = lease.released(false, Vec::new(), here);
        store.leases.insert(name.clone(), (lease, file_clock));
        self.begun[sidecar.owner] = hour;
        let (made, failing) = self.world.runs[sidecar.runs % self.world.runs.len()];
        sidecar.runs += 1;
        match made {
            SimulatedRun::Killed => {
                self.goes_away(number, hour + 1);
                return Ok(());
            }
            SimulatedRun::Nothing => {
                store.leases.insert(name, (failed, file_clock));
                return Ok(());
            }
            SimulatedRun::Good | SimulatedRun::Damaged => {}
        }
        self.back_up(number, &ownership, made, failing)?;
        let store = &mut self.stores[self.world.store(number)];
        store.leases.insert(name, (released, file_clock));
        Ok(())
    }

    /// Whose the store is, as a sidecar finds it before it writes.
    fn claims(&mut self, number: usize) -> Ownership {
        let at = self.sidecars[number].moment(self.hour).wall;
        let store = &mut self.stores[self.world.store(number)];
        let sidecar = &mut self.sidecars[number];
        let (record, profile) = (store.owner.clone(), &sidecar.profile);
        let local = sidecar.id.get_or_insert_with(|| {
            let replica = record
                .as_ref()
                .filter(|_| judge(None, record.as_ref(), profile) == Standing::Replica);
            replica.map_or_else(OwnerId::random, |record| record.id.clone())
        });
        let record = record.unwrap_or_else(|| {
            let manifests = store.backups.iter().map(|one| &one.manifest);
            let adopted = adoptable(Some(local), manifests, profile).unwrap_or_default();
            OwnerRecord::new(local.clone(), profile, at, adopted)
        });
        let ownership = match judge(Some(local), Some(&record), profile) {
            Standing::Owner => Ownership::of(&record),
            _ => Ownership::beside(local.clone(), profile, &record),
        };
        store.owner = Some(record);
        ownership
    }

    fn back_up(
        &mut self,
        number: usize,
        ownership: &Ownership,
        made: SimulatedRun,
        failing: u8,
    ) -> Result<(), TestCaseError> {
        let (hour, file_clock) = (self.hour, self.file_clock(number));
        let own_clock = self.world.has_own_clock.then(|| self.store_clock());
        self.ids += 1;
        let id = self.ids.to_string();
        let policy = &self.world.policies[self.world.owner(number)];
        let store = &mut self.stores[self.world.store(number)];
        let sidecar = &mut self.sidecars[number];
        let now = sidecar.moment(hour);
        sidecar.journal.push(now.wall);

        let own = own(store, ownership);
        let seq = {
            let records = store.backups.iter().map(|one| &one.record);
            let arrivals = records.map(|one| Arrival {
                seq: one.seq,
                made: (one.taken_at, &one.id),
            });
            Arrivals::new(arrivals).next()
        };
        let last = own
            .iter()
            .map(|at| &store.backups[*at])
            .filter(|one| one.record.tier == Tier::Daily && one.record.spaced)
            .max_by_key(|one| one.record.seq);
        let since_stored = last.and_then(|last| {
            let since = file_clock.duration_since(last.stored);
            Duration::try_from(since).ok()
        });
        let since_own = sidecar.spaced.map(|last| now.monotonic - last);
        let spaced = Pace::DAILY
            .is_spaced(since_own, since_stored)
            .unwrap_or(true);
        if spaced {
            sidecar.spaced = Some(now.monotonic);
        }
        let youngest = own
            .iter()
            .map(|at| store.backups[*at].record.taken_at)
            .max();
        let time = sidecar.judge(hour, own_clock, youngest);
        let record = RetentionRecord {
            key: format!("daily/{}_{id}", now.wall),
            tier: Tier::Daily,
            id: id.clone(),
            taken_at: now.wall,
            good: true,
            seq: Some(seq),
            spaced,
        };
        let filename = &sidecar.profile.filename;
        let signed = ownership.signed(&manifest(&id, filename, Tier::Daily, now.wall));
        let new = SimulatedBackup {
            record: record.clone(),
            made: real(hour),
            stored: file_clock,
            owner: sidecar.owner,
            manifest: signed,
        };
        let mut records: Vec<_> = own
            .iter()
            .map(|at| store.backups[*at].record.clone())
            .collect();
        records.push(record.clone());
        store.backups.push(new);
        let mut added = 1;
        if store.refuses_copies <= hour {
            let sure = time.doubt.is_none().then_some((time.now, Pace::DAILY));
            let copies = retention::copies(&records, policy, &record, sure);
            added += copies.len();
            for (tier, source) in copies {
                let source = store
                    .backups
                    .iter()
                    .find(|one| one.record.key == source.key);
                let mut copy = source.unwrap().clone();
                copy.record.tier = tier;
                copy.record.key = format!("{tier}/{}_{hour}", copy.record.id);
                copy.stored = file_clock;
                store.backups.push(copy);
            }
        }
        self.prune(number, ownership, policy, time, added, failing)?;
        if made == SimulatedRun::Damaged {
            // The next verification finds it.
            let store = &mut self.stores[self.world.store(number)];
            let found = store.backups.iter_mut().filter(|one| one.record.id == id);
            found.for_each(|one| one.record.good = false);
        }
        Ok(())
    }

    fn prune(
        &mut self,
        number: usize,
        ownership: &Ownership,
        policy: &Policy,
        time: PlausibleTime,
        added: usize,
        failing: u8,
    ) -> Result<(), TestCaseError> {
        let wall = self.sidecars[number].moment(self.hour).wall;
        let store = &mut self.stores[self.world.store(number)];
        let own = own(store, ownership);
        if ownership.shared_with().is_some() || own.len() < store.backups.len() {
            return Ok(());
        }
        let records: Vec<_> = store.backups.iter().map(|one| one.record.clone()).collect();
        let (now, pace) = match self.careful {
            true => (time.now, Some(Pace::DAILY)),
            false => (wall, None),
        };
        let mut decided = retention::decide_at_pace(&records, policy, now, pace);
        if self.careful {
            if let Some(doubt) = time.doubt {
                retention::doubt(&mut decided, doubt.message());
            }
            retention::brake(&mut decided, added + retention::ALLOWANCE);
        }
        let doomed: Vec<&str> = decided
            .iter()
            .filter(|one| !one.verdict.keeps())
            .map(|one| one.record.key.as_str())
            .collect();
        let owner = self.sidecars[number].owner;
        let mut gone = BTreeSet::new();
        for (at, key) in doomed.into_iter().enumerate() {
            let backup = store.backups.iter().find(|one| one.record.key == key);
            let right = self.world.has_right_clocks;
            store.may_go(backup.unwrap(), owner, policy, real(self.hour), right)?;
            if failing & (1 << (at % 8)) == 0 {
                gone.insert(key);
            }
        }
        let gone: BTreeSet<String> = gone.into_iter().map(str::to_owned).collect();
        store.backups.retain(|one| !gone.contains(&one.record.key));
        Ok(())
    }
}

/// Which of the backups a sidecar takes for its own.
fn own(store: &SimulatedPrefix, ownership: &Ownership) -> Vec<usize> {
    let manifests: Vec<_> = store.backups.iter().map(|one| &one.manifest).collect();
    let foreign = ownership.foreign(&manifests).into_iter().enumerate();
    foreign
        .filter_map(|(at, foreign)| (!foreign).then_some(at))
        .collect()
}
