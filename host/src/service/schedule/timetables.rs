//! When backups and drills are due, as the configuration says.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::{Config, ScheduleSpec};
use crate::error::Result;
use crate::schedule::{Schedule, Timetable};

/// All schedules of a configuration.
pub(in crate::service) struct Timetables {
    pub(in crate::service) backups: Timetable,
    pub(in crate::service) drills: Timetable,
}

impl Timetables {
    /// Refuses what is no schedule.
    pub(in crate::service) fn new(config: &Config) -> Result<Self> {
        Ok(Self {
            backups: backups(config)?,
            drills: drills(config)?,
        })
    }

    /// When each schedule of a configuration starts its first run after `now`.
    pub(in crate::service) fn next_of_each(
        config: &Config,
        now: Timestamp,
    ) -> Result<Vec<DueTime>> {
        let drill = config.drill.as_ref();
        let drill = drill
            .and_then(|drill| drill.cron.as_deref())
            .map(drill_spec);
        let backups = config.schedule.iter().map(|spec| ("backup", spec));
        let all = backups.chain(drill.iter().map(|spec| ("drill", spec)));
        let due = |(what, spec): (&'static str, &ScheduleSpec)| {
            let next = Timetable::new(vec![schedule(spec)?], seed(config)).next(now);
            Ok(next.map(|start| DueTime {
                what,
                cron: spec.cron.clone(),
                timezone: spec.timezone.clone(),
                at: start.at,
            }))
        };
        all.map(due).filter_map(Result::transpose).collect()
    }

    /// When the first backup after `now` starts.
    pub(in crate::service) fn next_backup(&self, now: Timestamp) -> Option<Timestamp> {
        self.backups.next(now).map(|start| start.at)
    }
}

/// The next start of one schedule.
pub(in crate::service) struct DueTime {
    /// `backup` or `drill`.
    pub(in crate::service) what: &'static str,
    pub(in crate::service) cron: String,
    pub(in crate::service) timezone: String,
    pub(in crate::service) at: Timestamp,
}

fn schedule(spec: &ScheduleSpec) -> Result<Schedule> {
    Schedule::new(&spec.cron, &spec.timezone, spec.jitter, spec.catch_up)
}

fn backups(config: &Config) -> Result<Timetable> {
    let schedules: Result<Vec<_>> = config.schedule.iter().map(schedule).collect();
    Ok(Timetable::new(schedules?, seed(config)))
}

fn drills(config: &Config) -> Result<Timetable> {
    let cron = config
        .drill
        .as_ref()
        .and_then(|drill| drill.cron.as_deref());
    let schedule = cron.map(|cron| schedule(&drill_spec(cron)));
    Ok(Timetable::new(
        schedule.transpose()?.into_iter().collect(),
        String::new(),
    ))
}

/// Drills are due in UTC, on time or not at all.
fn drill_spec(cron: &str) -> ScheduleSpec {
    ScheduleSpec {
        cron: cron.to_owned(),
        timezone: "UTC".to_owned(),
        jitter: Duration::ZERO,
        catch_up: false,
    }
}

/// What makes the jitter another than that of other sidecars, but the same for replicas: those share
/// their stores. Without stores there is nothing to agree upon.
fn seed(config: &Config) -> String {
    let stores = config.stores.iter();
    let places = stores.map(|store| format!("{}/{}\n", store.name, store.prefix));
    let seed: String = places.collect();
    match seed.is_empty() {
        // Machines without a name start together.
        true => std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default(),
        false => seed,
    }
}
