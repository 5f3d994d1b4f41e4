//! The floor: how many of a tier's newest good backups stay although the clock says that they are old.
//!
//! A clock that is wrong makes every backup too old at once. The order in which they arrived does not
//! depend on it: as long as as many are left as the policy holds with a right clock, nothing is lost
//! that it wanted. While the clock is right the floor deletes and keeps exactly what the policy does.

use std::collections::HashSet;
use std::time::Duration;

use super::age;
use super::record::RetentionRecord;
use crate::config::{RetentionRule, Tier};

/// How often there are backups: as a schedule says, or once a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    days_a_year: u32,
}

impl Pace {
    /// One backup a day, or several.
    pub const DAILY: Self = Self { days_a_year: YEAR };

    /// Backups on that many days of a leap year.
    pub fn new(days_a_year: u32) -> Self {
        Self {
            days_a_year: days_a_year.clamp(1, YEAR),
        }
    }

    /// Backups that lie closer together count as one. Of two a day, or of two replicas that each make one,
    /// only one counts; with a schedule that leaves days out, each of its days does.
    fn spacing(self) -> Duration {
        let period = DAY * YEAR / self.days_a_year;
        (period / 2).max((period * 3 / 4).min(DAY * 3 / 4))
    }

    /// Whether a backup that arrives now is spaced: by what its process knows, and by what the store does,
    /// each of the time since the last one that was. None if neither knows.
    pub fn is_spaced(
        self,
        since_own: Option<Duration>,
        since_stored: Option<Duration>,
    ) -> Option<bool> {
        let known = since_own.into_iter().chain(since_stored);
        known.min().map(|since| since >= self.spacing())
    }
}

/// Days; the long one, so that nothing is rounded down for a daily schedule.
const YEAR: u32 = 366;
const DAY: Duration = Duration::from_secs(86_400);

/// How many backups the tier holds by age at any moment of the long run, one at least. What is counted
/// by `last` needs no floor: that goes by arrival already.
pub(super) fn held(tier: Tier, keep: RetentionRule, pace: Pace) -> usize {
    let Some(days) = keep.days else { return 1 };
    let (a_year, held) = match tier {
        Tier::Daily => (YEAR, i64::from(days)),
        Tier::Weekly => (52, i64::from(days / 7)),
        Tier::Monthly => (12, age::whole_months(days)),
        Tier::Yearly => (1, age::whole_months(days) / 12),
    };
    let rarer = i64::from(pace.days_a_year.min(a_year));
    usize::try_from((held * rarer / i64::from(a_year)).max(1)).unwrap_or(usize::MAX)
}

/// The keys of the newest good backups by arrival, until `held` of them are spaced.
pub(super) fn newest<'a>(
    by_arrival: impl Iterator<Item = &'a RetentionRecord>,
    held: usize,
) -> HashSet<&'a str> {
    let mut spaced = 0;
    by_arrival
        .filter(|record| record.good)
        .take_while(|record| {
            let within = spaced < held;
            spaced += usize::from(record.spaced);
            within
        })
        .map(|record| record.key.as_str())
        .collect()
}
