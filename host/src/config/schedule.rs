//! `schedule`: when runs start by themselves.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cron::{self, RawCron};
use super::duration::RawDuration;
use super::section_reader::SectionReader;

/// When runs start by themselves.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Schedule")]
pub(super) struct RawSchedule {
    /// Five fields: minute, hour, day of month, month, day of week.
    pub(super) cron: RawCron,
    /// An IANA time zone.
    #[schemars(extend("default" = "UTC"))]
    pub(super) timezone: Option<RawTimeZone>,
    /// Each start is up to this much later, so that many sidecars do not start at once.
    #[schemars(extend("default" = "0"))]
    pub(super) jitter: Option<RawDuration>,
    /// Whether a run that was missed while the sidecar was down is made up for when it starts.
    #[schemars(extend("default" = true))]
    pub(super) catch_up: Option<bool>,
}

/// An IANA time zone.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "TimeZone",
    title = "time zone",
    extend("format" = "sidecar-time-zone", "examples" = ["UTC", "Europe/Madrid"])
)]
pub(super) struct RawTimeZone(pub(super) String);

/// One of `schedule`: when runs start by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSpec {
    /// Five fields, or a nickname ("@daily").
    pub cron: String,
    /// An IANA name.
    pub timezone: String,
    /// Each start is up to this much later.
    pub jitter: Duration,
    /// Whether a run that was missed while the sidecar was down is made up for.
    pub catch_up: bool,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Vec<ScheduleSpec> {
    let entries = reader.items("/schedule");
    entries
        .iter()
        .filter_map(|at| read_entry(reader, at))
        .collect()
}

fn read_entry(reader: &mut SectionReader<'_>, at: &str) -> Option<ScheduleSpec> {
    let raw: RawSchedule = reader.read(at)?;
    cron::check(reader, at, &raw.cron);
    Some(ScheduleSpec {
        cron: raw.cron.0,
        timezone: raw.timezone.map_or_else(|| "UTC".to_owned(), |zone| zone.0),
        jitter: raw.jitter.map_or(Duration::ZERO, |span| span.0),
        catch_up: raw.catch_up.unwrap_or(true),
    })
}
