//! `schedule`

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::Span;
use super::words::{Cron, TimeZone};

/// When runs start by themselves.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Schedule {
    /// Five fields: minute, hour, day of month, month, day of week.
    pub(in super::super) cron: Cron,
    /// An IANA time zone.
    #[schemars(extend("default" = "UTC"))]
    pub(in super::super) timezone: Option<TimeZone>,
    /// Each start is up to this much later, so that many sidecars do not start at once.
    #[schemars(extend("default" = "0"))]
    pub(in super::super) jitter: Option<Span>,
    /// Whether a run that was missed while the sidecar was down is made up for when it starts.
    #[schemars(extend("default" = true))]
    pub(in super::super) catch_up: Option<bool>,
}
