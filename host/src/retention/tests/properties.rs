//! What holds for any history and any policy.

use jiff::ToSpan;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::retention::record::period;

fn tiers() -> impl Strategy<Value = Tier> {
    prop::sample::select(Tier::ALL.to_vec())
}

fn policies() -> impl Strategy<Value = Policy> {
    let keep = (option::of(1u32..500), option::of(1u32..20))
        .prop_map(|(days, last)| RetentionRule { days, last });
    btree_map(tiers(), keep, 0..5).prop_map(|tiers| tiers.into_iter().collect())
}

/// A moment within about three years.
fn moments() -> impl Strategy<Value = Timestamp> {
    (0i64..95_000_000).prop_map(|seconds| at("2023-01-01") + seconds.seconds())
}

fn histories() -> impl Strategy<Value = Vec<RetentionRecord>> {
    let record = (tiers(), moments(), prop::bool::weighted(0.8));
    vec(record, 0..60).prop_map(|mut records| {
        // They arrive in the order in which they are taken, as with a clock that is right.
        records.sort_by_key(|(_, taken_at, _)| *taken_at);
        let records = records.into_iter().enumerate();
        records
            .map(|(n, (tier, taken_at, good))| RetentionRecord {
                key: format!("{tier}/{n:03}"),
                tier,
                id: n.to_string(),
                taken_at,
                good,
                seq: None,
                spaced: true,
            })
            .collect()
    })
}

fn retained(records: &[RetentionRecord], policy: &Policy, now: Timestamp) -> Vec<RetentionRecord> {
    let decisions = decide(records, policy, now);
    let retained = decisions.iter().filter(|decision| decision.verdict.keeps());
    retained.map(|decision| decision.record.clone()).collect()
}

fn newest_good(records: &[RetentionRecord], tier: Tier) -> Option<Timestamp> {
    let good = records
        .iter()
        .filter(|record| record.tier == tier && record.good);
    good.map(|record| record.taken_at).max()
}

proptest! {
    #[test]
    fn every_record_is_decided_in_its_place(
        records in histories(), policy in policies(), now in moments()
    ) {
        let decisions = decide(&records, &policy, now);
        let decided: Vec<_> = decisions.iter().map(|decision| decision.record).collect();
        prop_assert_eq!(decided, records.iter().collect::<Vec<_>>());
    }

    #[test]
    fn the_newest_good_one_of_every_tier_stays(
        records in histories(), policy in policies(), now in moments()
    ) {
        let left = retained(&records, &policy, now);
        for tier in Tier::ALL {
            prop_assert_eq!(newest_good(&left, tier), newest_good(&records, tier));
        }
    }

    #[test]
    fn nothing_goes_while_anything_is_newer_than_now(
        records in histories(), policy in policies(), now in moments()
    ) {
        prop_assume!(records.iter().any(|record| record.taken_at > now));
        prop_assert_eq!(retained(&records, &policy, now), records);
    }

    #[test]
    fn younger_than_days_and_the_last_ones_stay(
        records in histories(), policy in policies(), later in 0i64..40_000_000
    ) {
        let now = at("2026-01-10") + later.seconds();
        let left = retained(&records, &policy, now);
        for record in &records {
            let Some(keep) = policy.get(record.tier) else { continue };
            let hours = now.duration_since(record.taken_at).as_hours();
            // A day's backup may be taken at its end and be looked at at the beginning of another.
            if keep.days.is_some_and(|days| hours < 24 * (i64::from(days) - 1)) {
                prop_assert!(left.contains(record));
            }
        }
        for (tier, keep) in policy.iter() {
            let good = |records: &[RetentionRecord]| {
                records.iter().filter(|record| record.tier == tier && record.good).count()
            };
            let wanted = match keep {
                RetentionRule { days: None, last: None } => usize::MAX,
                RetentionRule { last, .. } => last.unwrap_or(1) as usize,
            };
            prop_assert!(good(&left) >= wanted.min(good(&records)));
        }
    }

    #[test]
    fn what_goes_is_old_and_not_among_the_last(
        records in histories(), policy in policies(), later in 0i64..40_000_000
    ) {
        let now = at("2026-01-10") + later.seconds();
        for decision in decide(&records, &policy, now) {
            let record = decision.record;
            let Verdict::Delete(_) = decision.verdict else { continue };
            let Some(keep) = policy.get(record.tier) else { continue };
            prop_assert!(keep != RetentionRule::FOR_EVER);
            if let Some(days) = keep.days {
                let hours = now.duration_since(record.taken_at).as_hours();
                prop_assert!(hours >= 24 * (i64::from(days) - 1), "{hours} hours");
            }
            if let Some(last) = keep.last {
                let newer = records.iter().filter(|other| {
                    other.tier == record.tier && other.good && other.taken_at >= record.taken_at
                });
                prop_assert!(newer.count() >= last as usize);
            }
        }
    }

    #[test]
    fn deciding_again_changes_nothing(
        records in histories(), policy in policies(), now in moments()
    ) {
        let left = retained(&records, &policy, now);
        prop_assert_eq!(retained(&left, &policy, now), left);
    }

    #[test]
    fn the_order_of_the_records_does_not_matter(
        records in histories(), policy in policies(), now in moments()
    ) {
        let mut backwards = records.clone();
        backwards.reverse();
        let mut left = retained(&backwards, &policy, now);
        left.reverse();
        prop_assert_eq!(left, retained(&records, &policy, now));
    }

    #[test]
    fn time_only_takes_away(
        records in histories(), policy in policies(),
        now in 0i64..40_000_000, later in 0i64..40_000_000
    ) {
        let now = at("2026-01-10") + now.seconds();
        let left = retained(&records, &policy, now);
        for record in retained(&records, &policy, now + later.seconds()) {
            prop_assert!(left.contains(&record));
        }
    }

    #[test]
    fn promotion_fills_every_named_tier_once(
        policy in policies(),
        runs in vec((moments(), prop::bool::weighted(0.7)), 1..80),
    ) {
        let mut runs = runs;
        runs.sort();
        let mut store = count::SimulatedStore::default();
        for (taken_at, good) in &runs {
            store.put(&policy, *taken_at, *good);
        }
        let coarse = [Tier::Weekly, Tier::Monthly, Tier::Yearly];
        for tier in coarse {
            let copies = store.0.iter().filter(|record| record.tier == tier);
            let copies: Vec<_> = copies.map(|record| record.taken_at).collect();
            let mut firsts: Vec<Timestamp> = Vec::new();
            for (taken_at, _) in runs.iter().filter(|(_, good)| *good) {
                let same = |first: &&Timestamp| period(tier, **first) == period(tier, *taken_at);
                if firsts.iter().find(same).is_none() {
                    firsts.push(*taken_at);
                }
            }
            if policy.get(tier).is_none() {
                firsts.clear();
            }
            prop_assert_eq!(copies, firsts);
        }
    }

    #[test]
    fn pruning_in_between_does_not_change_the_copies(
        policy in policies(),
        runs in vec((moments(), prop::bool::weighted(0.7)), 1..80),
    ) {
        let mut runs = runs;
        runs.sort();
        let (mut pruned, mut whole) = (count::SimulatedStore::default(), count::SimulatedStore::default());
        for (taken_at, good) in runs {
            pruned.put(&policy, taken_at, good);
            pruned.prune(&policy, taken_at);
            whole.put(&policy, taken_at, good);
            let left = retained(&whole.0, &policy, taken_at);
            for record in &pruned.0 {
                prop_assert!(left.contains(record));
            }
            for tier in Tier::ALL {
                prop_assert_eq!(newest_good(&pruned.0, tier), newest_good(&left, tier));
            }
        }
    }
}
