//! What holds whatever the clock shows: the floor by arrival, and the brake.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use proptest::prelude::*;

use Tier::{Daily, Monthly};

use super::count::{SimulatedStore, three_in_the_morning};
use super::*;

const SMART: &str = r#"{"daily": {"days": 30}, "monthly": {"days": 365}}"#;

/// Ten nights from 1 December, the last one of them under another clock.
fn ten_nights(last: &str) -> Vec<RetentionRecord> {
    let nights = (1..10).map(|day| format!("2023-12-{day:02}"));
    let days: Vec<String> = nights.chain([last.to_owned()]).collect();
    let numbered = (1..).zip(&days).map(|(seq, day)| RetentionRecord {
        seq: Some(seq),
        ..record(Daily, day)
    });
    numbered.collect()
}

fn retained_ids(decisions: &[Decision<'_>]) -> Vec<String> {
    let retained = decisions.iter().filter(|decision| decision.verdict.keeps());
    retained
        .map(|decision| decision.record.id.clone())
        .collect()
}

#[test]
fn a_clock_that_is_ahead_deletes_no_more_than_a_right_one() {
    let records = ten_nights("2099-01-01");
    let policy = policy(r#"{"daily": {"days": 7}}"#);
    let decisions = decide(&records, &policy, at("2099-01-01"));
    let tonight_as_well: Vec<_> = records[3..].iter().map(|one| one.id.clone()).collect();
    assert_eq!(retained_ids(&decisions), tonight_as_well);
    assert_eq!(
        decisions[8].to_string(),
        "daily: old, but one of the newest 7, which the retention holds in the long run"
    );
}

#[test]
fn the_last_ones_are_those_that_arrived_last() {
    // The clock was ahead on the second of three nights, and is right again.
    let mut records = ten_nights("2023-12-10");
    records[4].taken_at = at("2023-12-09");
    records[4].key = "daily/backup_2099-01-01.dump".to_owned();
    let policy = policy(r#"{"daily": {"last": 3}}"#);
    let decisions = decide(&records, &policy, at("2023-12-11"));
    assert_eq!(
        retained_ids(&decisions),
        ["2023-12-08", "2023-12-09", "2023-12-10"]
    );
}

#[test]
fn what_has_no_number_arrived_before_and_goes_by_its_name() {
    let mut records = ten_nights("2023-12-10");
    for old in &mut records[..8] {
        old.seq = None;
    }
    records.rotate_left(3);
    let policy = policy(r#"{"daily": {"days": 4}}"#);
    let decisions = decide(&records, &policy, at("2040-01-01"));
    let mut left = retained_ids(&decisions);
    left.sort();
    assert_eq!(
        left,
        ["2023-12-07", "2023-12-08", "2023-12-09", "2023-12-10"]
    );
}

#[test]
fn backups_that_follow_each_other_at_once_do_not_push_out_older_nights() {
    let mut records = ten_nights("2023-12-10");
    for burst in &mut records[5..] {
        burst.spaced = false;
    }
    let policy = policy(r#"{"daily": {"days": 3}}"#);
    let decisions = decide(&records, &policy, at("2040-01-01"));
    assert_eq!(retained_ids(&decisions).first().unwrap(), "2023-12-03");
    assert_eq!(retained_ids(&decisions).len(), 8);
}

#[test]
fn damaged_ones_fill_no_place() {
    let mut records = ten_nights("2023-12-10");
    for bad in &mut records[6..] {
        bad.good = false;
    }
    let policy = policy(r#"{"daily": {"days": 3}}"#);
    let decisions = decide(&records, &policy, at("2040-01-01"));
    assert_eq!(
        retained_ids(&decisions),
        ["2023-12-04", "2023-12-05", "2023-12-06"]
    );
}

#[test]
fn in_doubt_nothing_goes_and_the_reason_is_told() {
    let records = ten_nights("2023-12-10");
    let policy = policy(r#"{"daily": {"last": 1}}"#);
    let mut decisions = decide(&records, &policy, at("2023-12-10"));
    doubt(&mut decisions, "the clock was set while the sidecar ran");
    assert_eq!(retained_ids(&decisions).len(), 10);
    assert_eq!(
        decisions[0].to_string(),
        "daily: the clock is not trusted, nothing is deleted: the clock was set while the sidecar ran"
    );
}

#[test]
fn a_shortened_policy_goes_a_few_at_a_time_the_oldest_first() {
    let records = ten_nights("2023-12-10");
    let policy = policy(r#"{"daily": {"last": 2}}"#);
    let mut decisions = decide(&records, &policy, at("2023-12-10"));
    assert_eq!(brake(&mut decisions, ALLOWANCE), 5);
    let left: Vec<_> = records[3..].iter().map(|one| one.id.clone()).collect();
    assert_eq!(retained_ids(&decisions), left);
    assert!(
        decisions[3].to_string().contains("`sidecar prune --yes`"),
        "{}",
        decisions[3]
    );
    assert_eq!(brake(&mut decisions, ALLOWANCE), 0);
}

/// Policies by days, and how often there is a backup.
fn policies_and_paces() -> impl Strategy<Value = (Policy, Pace, i64)> {
    let days = prop::sample::select(vec![1u32, 2, 3, 7, 13, 30, 59, 60, 90, 180, 365, 400, 731]);
    let policy = prop::collection::btree_map(
        prop::sample::select(Tier::ALL.to_vec()),
        days.prop_map(RetentionRule::days),
        1..4,
    );
    let policy = policy.prop_map(|tiers| tiers.into_iter().collect());
    // Each month has one: what is rarer leaves a month out now and then, and the floor holds an older one.
    (policy, prop::sample::select(vec![1i64, 2, 7, 14, 28])).prop_map(|(policy, every)| {
        let pace = Pace::new(u32::try_from(366 / every).unwrap());
        (policy, pace, every)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn with_a_right_clock_and_regular_backups_the_floor_changes_nothing(
        (policy, pace, every) in policies_and_paces(), weekday in 0i64..7
    ) {
        let first: Date = "2021-01-01".parse().unwrap();
        let mut store = SimulatedStore::default();
        for day in (0..1500).step_by(usize::try_from(every).unwrap()) {
            let now = three_in_the_morning(first.saturating_add(Span::new().days(day + weekday)));
            store.put(&policy, now, true);
            let after = now + 20.minutes();
            let ids = |pace| retained_ids(&decide_at_pace(&store.0, &policy, after, pace));
            prop_assert_eq!(ids(Some(pace)), ids(None), "{}", now);
            store.prune(&policy, after);
        }
    }
}

#[test]
fn the_floor_is_what_check_says_that_the_policy_leads_to() {
    let policy = policy(SMART);
    for (tier, files) in count(&policy).steady {
        let keep = policy.get(tier).unwrap();
        assert_eq!(super::super::floor::held(tier, keep, Pace::DAILY), files);
    }
    assert_eq!(count(&policy).steady[&Monthly], 12);
}
