//! What the retention goes by beside the records: the policy, the pace of the backups, and the clock.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use parking_lot::Mutex;

use super::set_ties::SetTies;
use super::timekeeper::Timekeeper;
use crate::artifact::manifest::Manifest;
use crate::clock::{self, PlausibleTime};
use crate::config::{Config, Policy, ScheduleSpec, Tier};
use crate::error::Result;
use crate::retention::{Arrivals, Pace};
use crate::schedule::{Schedule, Timetable};
use crate::store::{Catalogue, Store, StoreLock, StoredBackup, arrival};

/// A leap year, in which every yearly slot has its day.
const YEAR: (Date, usize) = (jiff::civil::date(2024, 1, 1), 366);

/// Shared by everything that applies the retention.
pub(super) struct RetentionRules {
    /// What the operator wants.
    pub(super) policy: Policy,
    /// What is not to go because it belongs together.
    pub(super) ties: SetTies,
    timekeeper: Arc<Timekeeper>,
    schedule: Vec<ScheduleSpec>,
    /// On how many days of a leap year that has a slot; none without a schedule.
    days: OnceLock<Option<u32>>,
    /// By store: when this process last put a backup there that was spaced, on the monotonic clock.
    spaced: Mutex<HashMap<String, Duration>>,
}

impl RetentionRules {
    /// `of_set` is the schedule of the set that it belongs to.
    pub(super) fn new(
        config: &Config,
        of_set: &[ScheduleSpec],
        ties: SetTies,
        timekeeper: Arc<Timekeeper>,
    ) -> Self {
        Self {
            policy: config.retention.clone(),
            ties,
            timekeeper,
            schedule: [&config.schedule, of_set].concat(),
            days: OnceLock::new(),
            spaced: Mutex::default(),
        }
    }

    /// How often the schedule makes backups; daily without one.
    pub(super) fn pace(&self) -> Pace {
        self.days().map_or(Pace::DAILY, Pace::new)
    }

    fn days(&self) -> Option<u32> {
        let days = || days_with_slots(&self.schedule).filter(|days| *days > 0);
        *self.days.get_or_init(days)
    }

    /// What time it is in the eyes of a store that holds these backups, without the one called `new`.
    pub(super) fn time<'b>(
        &self,
        store: &Store,
        backups: impl IntoIterator<Item = &'b StoredBackup>,
        new: Option<&str>,
    ) -> PlausibleTime {
        let earlier = backups
            .into_iter()
            .filter(|backup| Some(backup.manifest.id.as_str()) != new);
        let youngest = earlier.map(|backup| backup.manifest.started_at).max();
        self.timekeeper.judge(store.own_clock(), youngest)
    }

    /// The manifest with its place in the order of arrival, which is that of making if it is `late`: an
    /// earlier run has missed the store. Where a tier cannot be listed, the lock alone knows the numbers.
    /// No other backup arrives meanwhile: the lock is that of the store.
    pub(super) async fn numbered(
        &self,
        store: &Store,
        lock: &StoreLock,
        listed: Option<&Catalogue>,
        manifest: &Manifest,
        late: bool,
    ) -> Manifest {
        let whole = listed.filter(|listed| listed.lists_all_tiers());
        let order =
            whole.map(|all| Arrivals::new(all.backups.iter().map(|one| arrival(&one.manifest))));
        let seq = match late {
            true => order.map(|order| order.late(arrival(manifest).made)),
            false => lock.next_number(order.map(|order| order.next())).await,
        };
        Manifest {
            seq,
            spaced: self.is_spaced(store, whole).await,
            ..manifest.clone()
        }
    }

    /// Whether enough time has passed since a backup was last put there that was spaced, by this process or
    /// by a replica; none if that is not known.
    async fn is_spaced(&self, store: &Store, listed: Option<&Catalogue>) -> Option<bool> {
        let pace = Pace::new(self.days()?);
        let now = clock::monotonic();
        let last = self.spaced.lock().get(store.name()).copied();
        let since_own = last.map(|last| now.saturating_sub(last));
        let is_spaced = pace.is_spaced(since_own, last_spaced(store, listed).await);
        if is_spaced != Some(false) {
            self.spaced.lock().insert(store.name().to_owned(), now);
        }
        is_spaced
    }
}

/// How long ago the last spaced one arrived, by the store's own clock.
async fn last_spaced(store: &Store, listed: Option<&Catalogue>) -> Option<Duration> {
    let mut own = listed?.own();
    let last = own.find(|backup| {
        backup.manifest.tier == Tier::Daily && backup.manifest.spaced != Some(false)
    })?;
    store.age(&last.key).await.ok().flatten()
}

/// On how many days of a leap year there is a slot; none without a schedule.
fn days_with_slots(schedule: &[ScheduleSpec]) -> Option<u32> {
    let schedules: Result<Vec<Schedule>> = schedule
        .iter()
        .map(|spec| Schedule::new(&spec.cron, &spec.timezone, Duration::ZERO, false))
        .collect();
    let schedules = schedules.ok().filter(|schedules| !schedules.is_empty())?;
    let timetable = Timetable::new(schedules, String::new());
    let (first, length) = YEAR;
    let midnight = |day: Date| -> Option<Timestamp> {
        let midnight = day.to_zoned(TimeZone::UTC).ok()?;
        Some(midnight.timestamp())
    };
    let days = first.series(1.day()).take(length).filter(|day| {
        let (Some(from), Some(to)) = (midnight(*day), midnight(day.saturating_add(1.day()))) else {
            return true;
        };
        // A slot at midnight is of the day that begins.
        let before = from - 1.second();
        timetable.next(before).is_some_and(|start| start.at < to)
    });
    u32::try_from(days.count()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn days(cron: &str) -> Option<u32> {
        days_with_slots(&[ScheduleSpec {
            cron: cron.to_owned(),
            timezone: "UTC".to_owned(),
            jitter: Duration::ZERO,
            catch_up: true,
        }])
    }

    #[test]
    fn the_pace_is_that_of_the_schedule() {
        assert_eq!(days("0 3 * * *"), Some(366));
        assert_eq!(days("*/15 * * * *"), Some(366));
        assert_eq!(days("0 3 * * 0"), Some(52));
        assert_eq!(days("0 3 * * 1-5"), Some(262));
        assert_eq!(days("0 0 1 1 *"), Some(1));
    }
}
