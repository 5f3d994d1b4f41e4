//! `schedule`, as the rest of the house sees it.

use std::time::Duration;

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
