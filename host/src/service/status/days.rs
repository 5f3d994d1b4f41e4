//! What became of each of the last days. Pure: the clock is an argument.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::due;
use super::facts::{MemberFacts, RUNS_OF_DAYS};
use crate::history::{Run, RunState};
use crate::schedule::Timetable;

/// Days that are told, today among them.
const TOLD: i64 = 30;

/// What became of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayState {
    /// No backup was due, and none was made.
    Quiet,
    /// A backup was made.
    Good,
    /// One was made, but with warnings, or beside another run that failed.
    Warned,
    /// One was tried, and none was made.
    Failed,
    /// One was due, and nothing was even tried.
    Missed,
}

/// A day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStatus {
    /// The day.
    pub day: Date,
    /// What became of it.
    pub state: DayState,
}

/// The last days of a strategy, or of the set of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyDays {
    /// What it is called among several; none of the only one, and of the set.
    pub name: Option<String>,
    /// The oldest first.
    pub days: Vec<DayStatus>,
}

/// What was made or failed on a day.
#[derive(Default)]
struct DayEvents {
    good: bool,
    warned: bool,
    failed: bool,
}

/// Before all days that are told at `now`.
pub(super) fn first(now: Timestamp) -> Option<Timestamp> {
    let told = SignedDuration::from_hours(24 * TOLD);
    now.checked_sub(told).ok()
}

/// By what the stores hold and what `runs`, the journal, says: either may have lost what the other has.
pub(super) fn days(facts: &MemberFacts, runs: &[Run], timetables: &[&Timetable]) -> Vec<DayStatus> {
    let mut events: HashMap<Date, DayEvents> = HashMap::new();
    let good = facts.copies.iter().filter(|copy| copy.health.is_good());
    let good_ids: HashSet<&str> = good.clone().map(|copy| copy.id.as_str()).collect();
    let all_ids = facts.copies.iter().map(|copy| copy.id.as_str());
    // Each of its copies is damaged.
    let lost: HashSet<&str> = all_ids.filter(|id| !good_ids.contains(id)).collect();
    for copy in good {
        let of_day = events.entry(day_of(copy.at)).or_default();
        of_day.good = true;
        of_day.warned |= copy.omissions > 0;
    }
    for run in runs {
        let began = run.started_at.unwrap_or(run.queued_at);
        let of_day = events.entry(day_of(began)).or_default();
        match run.state {
            RunState::Succeeded if lost.contains(run.id.as_str()) => of_day.failed = true,
            RunState::Succeeded => {
                of_day.good = true;
                of_day.warned |= run.warning_count() > 0;
            }
            RunState::Failed | RunState::Interrupted => of_day.failed = true,
            RunState::Queued | RunState::Running | RunState::Cancelled => {}
        }
    }
    let took: Vec<u64> = runs.iter().filter_map(|run| run.duration_ms).collect();
    let tolerance = due::tolerance(&took);
    let today = day_of(facts.now);
    // Of the days before, the runs are not known.
    let known = match runs.last().filter(|_| runs.len() >= RUNS_OF_DAYS) {
        Some(oldest) => day_of(oldest.queued_at),
        None => Date::MIN,
    };
    let all = (0..TOLD).rev();
    let all = all.filter_map(|ago| today.checked_sub(SignedDuration::from_hours(24 * ago)).ok());
    let each = all.map(|day| DayStatus {
        day,
        state: match events.get(&day) {
            Some(of_day) if of_day.good && !of_day.warned && !of_day.failed => DayState::Good,
            Some(of_day) if of_day.good => DayState::Warned,
            Some(of_day) if of_day.failed => DayState::Failed,
            _ if day > known && was_due(facts, timetables, day, tolerance) => DayState::Missed,
            _ => DayState::Quiet,
        },
    });
    each.collect()
}

/// Whether a backup should be there: a start of that day is over, with the time that it may take.
fn was_due(
    facts: &MemberFacts,
    timetables: &[&Timetable],
    day: Date,
    tolerance: SignedDuration,
) -> bool {
    let begin = day.to_zoned(TimeZone::UTC).map(|begin| begin.timestamp());
    let (Ok(begin), Ok(over)) = (begin, facts.now.checked_sub(tolerance)) else {
        return false;
    };
    let end = begin + SignedDuration::from_hours(24) - SignedDuration::from_millis(1);
    let latest = timetables
        .iter()
        .filter_map(|table| table.latest(end.min(over)));
    latest
        .into_iter()
        .any(|start| start.at >= begin && start.slot.time() > facts.since)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
#[path = "days_tests.rs"]
mod tests;
