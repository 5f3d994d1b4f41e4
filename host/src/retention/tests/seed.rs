//! The tables of the Citus backup service: 30 + 12 files, and 7 + 3.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::count::{SimulatedStore, three_in_the_morning};
use super::*;

const SMART: &str = r#"{"daily": {"days": 30}, "monthly": {"days": 365}}"#;
const MINIMAL: &str = r#"{"daily": {"days": 7}, "monthly": {"days": 90}}"#;

fn files(store: &SimulatedStore, tier: Tier) -> BTreeSet<String> {
    let of_tier = store.0.iter().filter(|record| record.tier == tier);
    of_tier
        .map(|record| record.taken_at.strftime("%Y-%m-%d").to_string())
        .collect()
}

/// Runs every night from `first` on; `run` says of each night whether there was a run, and a good one.
fn nights(
    policy: &Policy,
    first: Date,
    days: i64,
    run: impl Fn(i64) -> Option<bool>,
    mut after: impl FnMut(Date, &SimulatedStore),
) -> SimulatedStore {
    let mut store = SimulatedStore::default();
    let mut last_good = None;
    for day in 0..days {
        let date = first.saturating_add(Span::new().days(day));
        let now = three_in_the_morning(date);
        if let Some(good) = run(day) {
            if good {
                last_good = Some(now);
            }
            store.put(policy, now, good);
        }
        // A little later than the run, and also where there was none: `sidecar prune`.
        store.prune(policy, now + 20.minutes());
        if let Some(last_good) = last_good {
            let retained = |record: &RetentionRecord| record.good && record.taken_at == last_good;
            assert!(
                store.0.iter().any(retained),
                "the last good one is gone: {date}"
            );
        }
        after(date, &store);
    }
    store
}

#[test]
fn four_hundred_days_lead_to_the_tables_of_the_seed() {
    for (policy_text, daily, monthly) in [(SMART, 30, 12), (MINIMAL, 7, 3)] {
        let policy = policy(policy_text);
        let first = "2022-11-01".parse().unwrap();
        let store = nights(&policy, first, 400, |_| Some(true), |_, _| ());
        assert_eq!(files(&store, Tier::Daily).len(), daily);
        assert_eq!(files(&store, Tier::Monthly).len(), monthly);
        assert_eq!(store.0.len(), daily + monthly);
        assert_eq!(
            files(&store, Tier::Daily).last().map(String::as_str),
            Some("2023-12-05")
        );
        assert!(files(&store, Tier::Monthly).contains("2023-12-01"));
    }
}

#[test]
fn the_tables_hold_on_every_day_of_a_leap_cycle() {
    for (policy_text, daily, monthly) in [(SMART, 30, 12), (MINIMAL, 7, 3)] {
        let policy = policy(policy_text);
        let first: Date = "2020-01-01".parse().unwrap();
        nights(
            &policy,
            first,
            5 * 365,
            |_| Some(true),
            |date, store| {
                if date.year() == 2020 {
                    return;
                }
                // The copy of 1 February is only 89 days old then: younger ones stay.
                let common_may_day = date.month() == 5 && date.day() == 1 && !date.in_leap_year();
                let extra = usize::from(common_may_day && monthly == 3);
                assert_eq!(files(store, Tier::Daily).len(), daily, "{date}");
                assert_eq!(files(store, Tier::Monthly).len(), monthly + extra, "{date}");
            },
        );
    }
}

#[test]
fn failures_and_missing_days_leave_exactly_what_is_due() {
    let first: Date = "2022-11-01".parse().unwrap();
    // Runs that fail leave no record; some are found damaged later; some nights nothing ran.
    let run = |day: i64| match day {
        _ if day % 11 == 3 => None,
        _ if day % 13 == 5 => Some(false),
        60..=66 => None,
        _ => Some(true),
    };
    for (policy_text, days, months) in [(SMART, 30, 12), (MINIMAL, 7, 3)] {
        let policy = policy(policy_text);
        let store = nights(&policy, first, 400, run, |_, _| ());
        let dates = || (0..400).map(|day| (day, first.saturating_add(Span::new().days(day))));

        let due_daily = dates().filter(|(day, _)| *day >= 400 - days && run(*day).is_some());
        let due_daily: BTreeSet<String> = due_daily.map(|(_, date)| date.to_string()).collect();
        assert_eq!(files(&store, Tier::Daily), due_daily);

        let mut first_good = std::collections::BTreeMap::new();
        for (_, date) in dates().filter(|(day, _)| run(*day) == Some(true)) {
            first_good.entry(date.first_of_month()).or_insert(date);
        }
        let due_monthly = first_good.values().rev().take(months);
        let due_monthly: BTreeSet<String> = due_monthly.map(Date::to_string).collect();
        assert_eq!(files(&store, Tier::Monthly), due_monthly);
        assert!(
            store
                .0
                .iter()
                .all(|record| record.good || record.tier == Tier::Daily)
        );
    }
}

#[test]
fn a_missed_first_of_the_month_is_made_up_for() {
    let policy = policy(SMART);
    let first = "2023-01-01".parse().unwrap();
    // 1 and 2 February are days 31 and 32.
    let run = |day| (day != 31).then_some(day != 32);
    let store = nights(&policy, first, 50, run, |_, _| ());
    let monthly: Vec<_> = files(&store, Tier::Monthly).into_iter().collect();
    assert_eq!(monthly, ["2023-01-01", "2023-02-03"]);
}

#[test]
fn when_backups_stop_the_last_ones_stay() {
    let policy = policy(MINIMAL);
    let first = "2023-01-01".parse().unwrap();
    let store = nights(
        &policy,
        first,
        1000,
        |day| (day < 40).then_some(true),
        |_, _| (),
    );
    assert_eq!(
        files(&store, Tier::Daily).into_iter().collect::<Vec<_>>(),
        ["2023-02-09"]
    );
    assert_eq!(
        files(&store, Tier::Monthly).into_iter().collect::<Vec<_>>(),
        ["2023-02-01"]
    );
}

#[test]
fn policies_are_counted_by_the_same_code() {
    let counts = [
        (SMART, "~42 files (30 daily, 12 monthly)"),
        (MINIMAL, "~10 files (7 daily, 3 monthly)"),
        (
            r#"{"daily": {"days": 30}, "weekly": {"last": 8}, "monthly": {"days": 365}, "yearly": {}}"#,
            "~50 files (30 daily, 8 weekly, 12 monthly), and 1 more each year",
        ),
        (
            r#"{"daily": {"last": 5}, "yearly": {"days": 1825}}"#,
            "~10 files (5 daily, 5 yearly)",
        ),
        (r#"{"daily": {"days": 1}}"#, "~1 file (1 daily)"),
        // The newest good one stays in any case.
        (
            r#"{"weekly": {"days": 56}}"#,
            "~9 files (1 daily, 8 weekly)",
        ),
        (r#"{"daily": {}}"#, "~0 files, and 1 more each day"),
        (
            r#"{"daily": {"days": 4294967295}, "monthly": {"last": 2}}"#,
            "~2 files (2 monthly), and 1 more each day",
        ),
    ];
    for (text, expected) in counts {
        assert_eq!(count(&policy(text)).to_string(), expected, "{text}");
    }
    assert_eq!(count(&policy(SMART)).total(), 42);
    assert_eq!(count(&Policy::default()).growing, [Tier::Daily]);
}
