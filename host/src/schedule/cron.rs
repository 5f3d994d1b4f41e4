//! One cron line in one time zone.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::slot::Slot;
use crate::error::{Error, Kind, Result};

/// An entry of `schedule`.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    jitter: Duration,
    catch_up: bool,
}

impl Schedule {
    /// `cron` has five fields or is a nickname ("@daily"); `zone` is an IANA name.
    ///
    /// Refuses what never happens, like a 30th of February.
    pub fn new(cron: &str, zone: &str, jitter: Duration, catch_up: bool) -> Result<Self> {
        let wrong = |what: String, hint: &str| {
            Error::new(Kind::Config, "invalid-schedule", what).hint(hint)
        };
        let schedule = Self {
            cron: parser().parse(cron).map_err(|error| {
                wrong(
                    format!("`{cron}` is not a cron expression: {error}"),
                    "write minute, hour, day of month, month and day of week, like `0 3 * * *`",
                )
            })?,
            zone: TimeZone::get(zone).map_err(|_| {
                wrong(
                    format!("`{zone}` is not a time zone"),
                    "write an IANA name, like UTC or Europe/Madrid",
                )
            })?,
            jitter,
            catch_up,
        };
        match schedule.next(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(wrong(
                format!("`{cron}` never happens"),
                "correct the day and the month",
            )),
        }
    }

    /// The first slot after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Slot> {
        let from = after.to_zoned(self.zone.clone());
        if self.is_every_hour() {
            let found = self.cron.find_next_occurrence(&from, false).ok()?;
            return Some(Slot::at(found.timestamp()));
        }
        let mut local = from.datetime();
        loop {
            local = self.cron.find_next_occurrence(&local, false).ok()?;
            let time = self.instant(local)?;
            if time > after {
                return Some(Slot::at(time));
            }
        }
    }

    /// The last slot at or before `until`.
    pub fn latest(&self, until: Timestamp) -> Option<Slot> {
        let from = until.to_zoned(self.zone.clone());
        if self.is_every_hour() {
            let found = self.cron.find_previous_occurrence(&from, true).ok()?;
            return Some(Slot::at(found.timestamp()));
        }
        let mut local = self.last_local_time(from.datetime());
        let mut inclusive = true;
        loop {
            local = self.cron.find_previous_occurrence(&local, inclusive).ok()?;
            let time = self.instant(local)?;
            if time <= until {
                return Some(Slot::at(time));
            }
            inclusive = false;
        }
    }

    /// When the run of `slot` starts: up to `jitter` later, but before the next slot.
    ///
    /// The delay follows from slot and `seed` alone. So the replicas of one sidecar, which share a
    /// seed, agree on the time, and the lease decides which of them runs; sidecars with other seeds
    /// spread.
    pub fn start(&self, slot: Slot, seed: &str) -> Timestamp {
        let jitter = SignedDuration::try_from(self.jitter).unwrap_or(SignedDuration::MAX);
        let most = match self.next(slot.time()) {
            Some(next) => jitter.min(next.time().duration_since(slot.time())),
            None => jitter,
        };
        let Some(most) = u64::try_from(most.as_millis())
            .ok()
            .filter(|most| *most > 0)
        else {
            return slot.time();
        };
        let digest = Sha256::digest(format!("{seed}\n{slot}"));
        let number = digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let delay = SignedDuration::from_millis((number % most).cast_signed());
        slot.time().saturating_add(delay).unwrap_or(slot.time())
    }

    /// Whether a missed run is made up for.
    pub fn catches_up(&self) -> bool {
        self.catch_up
    }

    fn is_every_hour(&self) -> bool {
        (0..24).all(|hour| self.cron.pattern.hour_match(hour).unwrap_or(false))
    }

    /// When the clocks show `local`: the first time, or right after the change that leaves it out.
    /// Never decreases as `local` grows.
    fn instant(&self, local: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { before, .. } => {
                // The time does not exist: find the change of the clocks, which is the last one before the
                // instant that it would have been without the change.
                let unchanged = before.to_timestamp(local).ok()?;
                let after = unchanged.checked_add(SignedDuration::from_secs(1)).ok()?;
                let change = self.zone.preceding(after).next()?;
                Some(change.timestamp())
            }
            _ => ambiguous.earlier().ok(),
        }
    }

    /// The latest time that the clocks have shown when they show `local`, perhaps once again.
    fn last_local_time(&self, local: DateTime) -> DateTime {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Fold { before, after } => {
                let set_back =
                    SignedDuration::from_secs((before.seconds() - after.seconds()).into());
                local.saturating_add(set_back)
            }
            _ => local,
        }
    }
}

/// Five fields: neither seconds nor years.
fn parser() -> CronParser {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
}
