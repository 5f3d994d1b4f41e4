//! How many files a policy leads to, found by trying it out.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, date};
use jiff::{Span, Timestamp};

use super::decide::decide_at_pace;
use super::promote::promotions;
use super::record::RetentionRecord;
use crate::config::{Policy, RetentionRule, Tier};

/// The files of a store after a long time with one good run a day.
///
/// Displayed as "~42 files (30 daily, 12 monthly)".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Files in each tier that stops growing.
    pub steady: BTreeMap<Tier, usize>,
    /// Tiers that grow for ever, or for more than a century: by one file a period.
    pub growing: Vec<Tier>,
}

impl Count {
    /// All files of the tiers that stop growing.
    pub fn total(&self) -> usize {
        self.steady.values().sum()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tiers = self.steady.iter().map(|(tier, n)| format!("{n} {tier}"));
        let tiers = tiers.collect::<Vec<_>>().join(", ");
        let total = self.total();
        write!(f, "~{total} file{}", if total == 1 { "" } else { "s" })?;
        if !tiers.is_empty() {
            write!(f, " ({tiers})")?;
        }
        for tier in &self.growing {
            write!(f, ", and 1 more each {}", period_name(*tier))?;
        }
        Ok(())
    }
}

/// Simulates the policy until it grows no more, with the same code that decides for real.
pub fn count(policy: &Policy) -> Count {
    /// The year in question has no leap day, and ends with its months and years.
    const LAST_DAY: Date = date(2025, 12, 31);
    /// A prune now and then keeps the store short.
    const PRUNE_EVERY: i64 = 100;

    let limits = policy
        .iter()
        .map(|(tier, keep)| (tier, days_until_stable(tier, keep)));
    let (growing, bounded): (Vec<_>, Vec<_>) = limits.partition(|(_, days)| days.is_none());
    let days = bounded.into_iter().filter_map(|(_, days)| days).max();
    let mut growing: Vec<Tier> = growing.into_iter().map(|(tier, _)| tier).collect();
    if policy.is_empty() {
        growing.push(Tier::Daily);
    }

    let mut store = SimulatedStore::default();
    for day in (0..=days.unwrap_or(0)).rev() {
        let taken_at = three_in_the_morning(LAST_DAY.saturating_sub(Span::new().days(day)));
        store.put(policy, taken_at, true);
        if day % PRUNE_EVERY == 0 {
            store.prune(policy, taken_at);
        }
    }
    let mut steady = BTreeMap::new();
    for record in store.0 {
        if !growing.contains(&record.tier) {
            *steady.entry(record.tier).or_insert(0) += 1;
        }
    }
    Count { steady, growing }
}

/// Days after which the tier no longer grows; `None` if that is more than a century.
fn days_until_stable(tier: Tier, keep: RetentionRule) -> Option<i64> {
    const CENTURY: i64 = 36_525;
    let period: i64 = match tier {
        Tier::Daily => 1,
        Tier::Weekly => 7,
        Tier::Monthly => 31,
        Tier::Yearly => 366,
    };
    let by_days = keep.days.map(i64::from);
    let by_number = keep.last.map(|last| i64::from(last) * period);
    let longest = by_days.max(by_number)?;
    Some(longest + 2 * period).filter(|days| *days <= CENTURY)
}

fn period_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Daily => "day",
        Tier::Weekly => "week",
        Tier::Monthly => "month",
        Tier::Yearly => "year",
    }
}

/// In UTC.
pub(super) fn three_in_the_morning(day: Date) -> Timestamp {
    jiff::tz::Offset::UTC
        .to_timestamp(day.at(3, 0, 0, 0))
        .expect("the days of a simulation are within the calendar")
}

/// A store in memory.
#[derive(Debug, Default)]
pub(super) struct SimulatedStore(pub(super) Vec<RetentionRecord>);

impl SimulatedStore {
    /// What happens after a run: the backup, and its copies if it is good.
    pub(super) fn put(&mut self, policy: &Policy, taken_at: Timestamp, good: bool) {
        let record = |tier: Tier| RetentionRecord {
            key: format!("{tier}/{taken_at}"),
            tier,
            id: taken_at.to_string(),
            taken_at,
            good,
            seq: None,
            spaced: true,
        };
        let new = record(Tier::Daily);
        let copies = promotions(&self.0, policy, &new);
        self.0.push(new);
        self.0.extend(copies.into_iter().map(record));
    }

    /// Removes what the policy no longer wants, by a clock that is right.
    pub(super) fn prune(&mut self, policy: &Policy, now: Timestamp) {
        let keep: Vec<bool> = decide_at_pace(&self.0, policy, now, None)
            .iter()
            .map(|decision| decision.verdict.keeps())
            .collect();
        let mut keep = keep.into_iter();
        self.0.retain(|_| keep.next().unwrap_or(true));
    }
}
