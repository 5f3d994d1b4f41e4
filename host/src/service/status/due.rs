//! When backups were due, and how long each may take. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::schedule::{Start, Timetable};

/// Starts that are looked back at: of a backup every ten minutes, those of a week.
const LOOKED_BACK: usize = 1000;
/// Runs and backups whose median is taken.
const SAMPLE: usize = 7;
/// A backup may take at least this long.
const SHORTEST: SignedDuration = SignedDuration::from_mins(15);
/// Without a schedule a backup is expected no sooner: some made one after the other say nothing of a rhythm.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_hours(1);
/// Backups without a schedule that make a rhythm.
const RHYTHM: usize = 4;
/// Without a schedule or a rhythm, a backup that is younger is no reason to look.
const SHORTEST_UNKNOWN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The starts from the last one at or before `since` on, until `now`; newest first.
pub(super) fn starts(timetables: &[&Timetable], since: Timestamp, now: Timestamp) -> Vec<Start> {
    let mut starts = Vec::new();
    let mut until = Some(now);
    while let Some(at) = until.filter(|_| starts.len() < LOOKED_BACK) {
        let latest = timetables.iter().filter_map(|table| table.latest(at)).max();
        let older = latest.filter(|start| start.slot.time() > since);
        until = older.and_then(|start| start.at.checked_sub(SignedDuration::from_millis(1)).ok());
        starts.extend(latest);
    }
    starts
}

/// How long after its start a backup may come before it is late: twice the median of the last runs, in milliseconds,
/// newest first.
pub(super) fn tolerance(durations: &[u64]) -> SignedDuration {
    let median = median(durations.iter().take(SAMPLE).copied().collect());
    let twice = median.map_or(0, |median| median.saturating_mul(2));
    let twice = i64::try_from(twice).map_or(SignedDuration::MAX, SignedDuration::from_millis);
    twice.max(SHORTEST)
}

/// Without a schedule: how long after one backup the next is expected, one and a half times the median interval of the
/// last ones. `began` is newest first. None as long as there are too few of them.
pub(super) fn expected_interval(began: &[Timestamp]) -> Option<SignedDuration> {
    if began.len() < RHYTHM {
        return None;
    }
    let intervals = began.windows(2).take(SAMPLE);
    let intervals = intervals.map(|pair| pair[0].duration_since(pair[1]));
    let median = median(intervals.collect())?;
    Some((median + median / 2).max(SHORTEST_INTERVAL))
}

/// Without a schedule or a rhythm: how old the newest may become, one and a half times the longest interval that there
/// was. `began` is newest first.
pub(super) fn longest_unknown(began: &[Timestamp]) -> SignedDuration {
    let intervals = began.windows(2).map(|pair| pair[0].duration_since(pair[1]));
    let longest = intervals.max().unwrap_or_default();
    (longest + longest / 2).max(SHORTEST_UNKNOWN)
}

fn median<T: Ord + Copy>(mut of: Vec<T>) -> Option<T> {
    of.sort();
    of.get(of.len() / 2).copied()
}
