//! `schedule`

use std::time::Duration;

use super::Check;
use crate::config::schedule::ScheduleSpec;
use crate::config::{formats, raw};

impl Check<'_> {
    pub(super) fn schedule(&mut self) -> Vec<ScheduleSpec> {
        let entries = self.items("/schedule");
        entries
            .iter()
            .filter_map(|at| self.schedule_entry(at))
            .collect()
    }

    fn schedule_entry(&mut self, at: &str) -> Option<ScheduleSpec> {
        let raw: raw::Schedule = self.read(at)?;
        if formats::never_comes(&raw.cron.0) {
            self.problem(
                &format!("{at}/cron"),
                "this time never comes",
                "correct the day and the month",
            );
        }
        Some(ScheduleSpec {
            cron: raw.cron.0,
            timezone: raw.timezone.map_or_else(|| "UTC".to_owned(), |zone| zone.0),
            jitter: raw.jitter.map_or(Duration::ZERO, |span| span.0),
            catch_up: raw.catch_up.unwrap_or(true),
        })
    }
}
