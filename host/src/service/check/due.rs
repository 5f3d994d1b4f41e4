//! When the next runs start, in the time zones that the operator named.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::Config;
use crate::error::Result;
use crate::service::schedule::{DueTime, Timetables};

/// When a schedule starts its next run.
#[derive(Debug, Serialize)]
pub struct NextDue {
    /// `backup` or `drill`.
    pub what: &'static str,
    /// As configured.
    pub cron: String,
    /// An IANA name.
    pub timezone: String,
    /// RFC 3339 in that time zone.
    pub local: String,
    /// RFC 3339, UTC.
    pub at: Timestamp,
}

/// For every schedule, after `now`.
pub(super) fn next_due(config: &Config, now: Timestamp) -> Result<Vec<NextDue>> {
    let due = Timetables::next_of_each(config, now)?;
    Ok(due.into_iter().map(shown).collect())
}

fn shown(due: DueTime) -> NextDue {
    let zone = TimeZone::get(&due.timezone).unwrap_or(TimeZone::UTC);
    NextDue {
        what: due.what,
        cron: due.cron,
        timezone: due.timezone,
        local: due.at.to_zoned(zone).strftime("%FT%T%:z").to_string(),
        at: due.at,
    }
}
