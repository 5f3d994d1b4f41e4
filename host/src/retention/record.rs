//! What is known of a backup in a store.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::arrival::Arrival;
use crate::config::Tier;

/// One backup in one tier of one store: exists only for what has a sidecar's manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RetentionRecord {
    /// The artifact's key in the store ("citus/daily/backup_20231201_030000.dump").
    pub key: String,
    /// Where it lies.
    pub tier: Tier,
    /// The run that made it; the same in every tier that holds a copy.
    pub id: String,
    /// When the run started.
    pub taken_at: Timestamp,
    /// `false` once a verification found it damaged: it counts for nothing then.
    pub good: bool,
    /// Its place in the order in which backups arrived in the store; `None` if it was not counted.
    #[serde(skip)]
    pub seq: Option<u64>,
    /// `false` if it is known to have followed the one before at once: it is no proof of time passed.
    #[serde(skip)]
    pub spaced: bool,
}

impl RetentionRecord {
    pub(super) fn arrival(&self) -> Arrival<'_> {
        Arrival {
            seq: self.seq,
            made: (self.taken_at, &self.id),
        }
    }
}

/// The first day (UTC) of the period that a backup of `tier` stands for.
pub(super) fn period(tier: Tier, taken_at: Timestamp) -> Date {
    let date = utc_date(taken_at);
    match tier {
        Tier::Daily => date,
        Tier::Weekly => {
            let days = i64::from(date.weekday().to_monday_zero_offset());
            date.saturating_sub(jiff::Span::new().days(days))
        }
        Tier::Monthly => date.first_of_month(),
        Tier::Yearly => date.first_of_year(),
    }
}

/// The day in UTC.
pub(super) fn utc_date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}
