//! Which backups are copied into the coarser tiers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::age;
use super::arrival::Arrivals;
use super::floor::{self, Pace};
use super::record::{RetentionRecord, period, utc_date};
use crate::config::{Policy, RetentionRule, Tier};

/// Copies that one run makes up for earlier ones, beside its own.
const MADE_UP: usize = 3;

/// The coarser tiers of the policy that have no good backup of `new`'s period yet.
///
/// `records` is what the store holds, with or without `new` itself. Nothing is promoted if `new`
/// is damaged. Asking again after the copies were made gives nothing: it is safe to repeat.
pub fn promotions(
    records: &[RetentionRecord],
    policy: &Policy,
    new: &RetentionRecord,
) -> Vec<Tier> {
    if !new.good {
        return Vec::new();
    }
    let lacks = |tier: &Tier| !filled(records, *tier).contains(&period(*tier, new.taken_at));
    coarser(policy)
        .map(|(tier, _)| tier)
        .filter(lacks)
        .collect()
}

/// What is to be copied, and into which tier, once `new` is among the records: for its own period, and a
/// few for earlier ones, if it is sure what time it is.
///
/// It is the first good daily backup of a period that stands for it.
pub fn copies<'a>(
    records: &'a [RetentionRecord],
    policy: &Policy,
    new: &'a RetentionRecord,
    sure: Option<(Timestamp, Pace)>,
) -> Vec<(Tier, &'a RetentionRecord)> {
    let of_new = promotions(records, policy, new).into_iter().map(|tier| {
        // An earlier backup of the period, if its own run died before the copy was made.
        let first = firsts(records, tier).remove(&period(tier, new.taken_at));
        (tier, first.unwrap_or(new))
    });
    let mut copies: Vec<_> = of_new.collect();
    let Some((now, pace)) = sure else {
        return copies;
    };
    let mut overdue = overdue(records, policy, now, Some(pace));
    overdue.retain(|copy| !copies.contains(copy));
    copies.extend(overdue.into_iter().take(MADE_UP));
    copies
}

/// The copies that the coarser tiers lack although they would hold them now, whatever the period: earlier
/// runs could not make them. Oldest first; until it is made, the backup that it is to be made of stays.
///
/// A copy counts as made on the first day of its period: one that has gone by age is not made again. As
/// many of the newest are wanted in any case as the tier holds in the long run, whatever the clock shows.
pub fn overdue<'a>(
    records: &'a [RetentionRecord],
    policy: &Policy,
    now: Timestamp,
    pace: Option<Pace>,
) -> Vec<(Tier, &'a RetentionRecord)> {
    let today = utc_date(now);
    let order = Arrivals::new(records.iter().map(RetentionRecord::arrival));
    let place = |record: &'a RetentionRecord| order.place(record.arrival());
    let mut lacking = Vec::new();
    for (tier, keep) in coarser(policy) {
        let filled = filled(records, tier);
        let held = pace.map_or(1, |pace| floor::held(tier, keep, pace));
        let mut missing: Vec<_> = firsts(records, tier).into_iter().collect();
        missing.retain(|(period, _)| !filled.contains(period));
        missing.sort_by_key(|(_, record)| Reverse(place(record)));
        let mut awaited = 0;
        for (period, record) in missing {
            let there = records
                .iter()
                .filter(|other| other.good && other.tier == tier && place(other) > place(record));
            let newer = there.count() + awaited;
            if newer < held || holds(tier, keep, period, newer, today) {
                awaited += 1;
                lacking.push((tier, record));
            }
        }
    }
    lacking.sort_by_key(|(tier, record)| (place(record), *tier));
    lacking
}

fn coarser(policy: &Policy) -> impl Iterator<Item = (Tier, RetentionRule)> {
    policy.iter().filter(|(tier, _)| *tier != Tier::Daily)
}

/// The periods of which a tier has a good backup.
fn filled(records: &[RetentionRecord], tier: Tier) -> BTreeSet<Date> {
    let good = records
        .iter()
        .filter(|record| record.good && record.tier == tier);
    good.map(|record| period(tier, record.taken_at)).collect()
}

/// The first good daily backup of each period.
fn firsts(records: &[RetentionRecord], tier: Tier) -> BTreeMap<Date, &RetentionRecord> {
    let mut firsts: BTreeMap<Date, &RetentionRecord> = BTreeMap::new();
    let daily = records
        .iter()
        .filter(|record| record.good && record.tier == Tier::Daily);
    for record in daily {
        let first = firsts
            .entry(period(tier, record.taken_at))
            .or_insert(record);
        if (record.taken_at, &record.key) < (first.taken_at, &first.key) {
            *first = record;
        }
    }
    firsts
}

/// Whether a tier holds what was taken on that day, with so many newer ones.
fn holds(tier: Tier, keep: RetentionRule, taken: Date, newer: usize, today: Date) -> bool {
    let within = |days| age::is_within(tier, taken, days, today);
    let among = |last| newer < usize::try_from(last).unwrap_or(usize::MAX);
    match (keep.days, keep.last) {
        (None, None) => true,
        (days, last) => days.is_some_and(within) || last.is_some_and(among),
    }
}
