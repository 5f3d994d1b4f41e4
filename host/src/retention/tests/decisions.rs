//! What becomes of single backups, and the words for it.

use Tier::{Daily, Monthly, Weekly, Yearly};

use super::*;

/// The decisions by policy and clock alone, as an operator reads them, with "-" before those that are
/// deleted.
fn read(records: &[RetentionRecord], policy: &Policy, now: &str) -> Vec<String> {
    decide_at_pace(records, policy, at(now), None)
        .iter()
        .map(|decision| {
            let sign = if decision.verdict.keeps() { "" } else { "- " };
            format!("{sign}{decision}")
        })
        .collect()
}

#[test]
fn days_count_from_today() {
    let records = ["2023-12-31", "2023-12-02", "2023-12-01"].map(|day| record(Daily, day));
    let policy = policy(r#"{"daily": {"days": 30}}"#);
    assert_eq!(
        read(&records, &policy, "2023-12-31"),
        [
            "daily: within 30 days",
            "daily: within 30 days",
            "- daily: older than 30 days"
        ]
    );
}

#[test]
fn last_counts_good_ones() {
    let records = [
        record(Weekly, "2023-12-25"),
        damaged(Weekly, "2023-12-18"),
        record(Weekly, "2023-12-11"),
        damaged(Weekly, "2023-12-04"),
        record(Weekly, "2023-11-27"),
    ];
    let policy = policy(r#"{"weekly": {"last": 2}}"#);
    assert_eq!(
        read(&records, &policy, "2024-06-01"),
        [
            "weekly: one of the last 2",
            "weekly: one of the last 2",
            "weekly: one of the last 2",
            "- weekly: not one of the last 2",
            "- weekly: not one of the last 2"
        ]
    );
}

#[test]
fn either_of_days_and_last_is_enough() {
    let records = ["2023-12-31", "2023-12-30", "2023-12-29"].map(|day| record(Daily, day));
    let by_days = policy(r#"{"daily": {"days": 2, "last": 1}}"#);
    assert_eq!(
        read(&records, &by_days, "2023-12-31"),
        [
            "daily: within 2 days",
            "daily: within 2 days",
            "- daily: older than 2 days, and not one of the last 1"
        ]
    );
    let by_number = policy(r#"{"daily": {"days": 1, "last": 2}}"#);
    assert_eq!(
        read(&records, &by_number, "2024-12-31")[..2],
        ["daily: one of the last 2", "daily: one of the last 2"]
    );
}

#[test]
fn a_tier_without_limits_keeps_for_ever() {
    let records = [record(Yearly, "1999-01-01"), damaged(Yearly, "1998-01-01")];
    let policy = policy(r#"{"daily": {"days": 30}, "yearly": {}}"#);
    assert_eq!(
        read(&records, &policy, "2099-01-01"),
        ["yearly: kept for ever", "yearly: kept for ever"]
    );
}

#[test]
fn the_newest_good_backup_of_each_tier_stays_however_old() {
    let records = [
        damaged(Daily, "2020-01-03"),
        record(Daily, "2020-01-02"),
        record(Daily, "2020-01-01"),
        record(Monthly, "2020-01-01"),
        record(Weekly, "2020-01-06"),
        record(Weekly, "2020-01-01"),
    ];
    let policy = policy(r#"{"daily": {"days": 30}, "monthly": {"days": 365}}"#);
    assert_eq!(
        read(&records, &policy, "2024-01-01"),
        [
            "- daily: older than 30 days",
            "daily: newest good backup",
            "- daily: older than 30 days",
            "monthly: newest good backup",
            "weekly: newest good backup",
            "- weekly: the tier is not in the retention",
        ]
    );
}

#[test]
fn of_a_tier_with_damaged_ones_only_nothing_is_deleted() {
    let records = [damaged(Daily, "2020-01-02"), damaged(Daily, "2020-01-01")];
    let policy = policy(r#"{"daily": {"days": 1}}"#);
    assert_eq!(
        read(&records, &policy, "2024-01-01"),
        [
            "daily: damaged, but there is no good one",
            "daily: damaged, but there is no good one"
        ]
    );
}

#[test]
fn a_clock_that_jumped_backwards_deletes_nothing() {
    let records = [
        record(Daily, "2024-02-01"),
        record(Daily, "2020-01-02"),
        record(Weekly, "2020-01-01"),
    ];
    let policy = policy(r#"{"daily": {"days": 30}}"#);
    let jumped = "the newest backup is from the future (2024-02-01T03:00:00Z): \
                  the clock jumped, nothing is deleted";
    assert_eq!(
        read(&records, &policy, "2024-01-01"),
        [
            "daily: taken in the future: the clock jumped, nothing is deleted".to_owned(),
            format!("daily: {jumped}"),
            format!("weekly: {jumped}"),
        ]
    );
}

#[test]
fn no_policy_deletes_nothing() {
    let records = [record(Daily, "2024-02-01"), record(Daily, "1999-01-02")];
    assert_eq!(
        read(&records, &Policy::default(), "2024-02-01"),
        [
            "daily: no retention is configured",
            "daily: no retention is configured"
        ]
    );
}

#[test]
fn a_decision_in_json_has_the_record_and_the_reason() {
    let records = [record(Daily, "2023-12-01")];
    let policy = policy(r#"{"daily": {"days": 1}}"#);
    let decisions = decide(&records, &policy, at("2023-12-01"));
    assert_eq!(
        serde_json::to_value(&decisions).unwrap(),
        serde_json::json!([{
            "key": "daily/backup_2023-12-01.dump",
            "tier": "daily",
            "id": "2023-12-01",
            "taken_at": "2023-12-01T03:00:00Z",
            "good": true,
            "keep": true,
            "reason": "daily: within 1 day",
        }])
    );
}

#[test]
fn the_first_good_one_of_a_period_is_promoted() {
    let all = policy(r#"{"daily": {"days": 9}, "weekly": {}, "monthly": {}, "yearly": {}}"#);
    // A Friday, and the first backup ever.
    let first = record(Daily, "2023-12-01");
    assert_eq!(promotions(&[], &all, &first), [Weekly, Monthly, Yearly]);

    let held = [
        record(Daily, "2023-12-01"),
        record(Weekly, "2023-12-01"),
        record(Monthly, "2023-12-01"),
        record(Yearly, "2023-12-01"),
    ];
    assert_eq!(promotions(&held, &all, &first), []);
    assert_eq!(promotions(&held, &all, &record(Daily, "2023-12-03")), []);
    // The ISO week starts on Monday.
    let monday = record(Daily, "2023-12-04");
    assert_eq!(promotions(&held, &all, &monday), [Weekly]);
    // The first of January had no backup; 2 January is in ISO week 1 of 2024.
    let late = record(Daily, "2024-01-02");
    assert_eq!(promotions(&held, &all, &late), [Weekly, Monthly, Yearly]);
    // The week that has the new year in it is one week.
    let sylvester = [record(Weekly, "2024-12-30")];
    let new_year = record(Daily, "2025-01-01");
    assert_eq!(promotions(&sylvester, &all, &new_year), [Monthly, Yearly]);
}

#[test]
fn only_named_tiers_and_good_backups_are_promoted() {
    let monthly = policy(r#"{"daily": {"days": 9}, "monthly": {}}"#);
    let new = record(Daily, "2023-12-01");
    assert_eq!(promotions(&[], &monthly, &new), [Monthly]);
    assert_eq!(promotions(&[], &monthly, &damaged(Daily, "2023-12-01")), []);
    // A damaged copy does not fill the place of a good one.
    let held = [damaged(Monthly, "2023-12-01")];
    assert_eq!(
        promotions(&held, &monthly, &record(Daily, "2023-12-02")),
        [Monthly]
    );
}

fn lacking(records: &[RetentionRecord], policy: &Policy, now: &str) -> Vec<String> {
    let lacking = overdue(records, policy, at(now), None).into_iter();
    lacking
        .map(|(tier, record)| format!("{tier} of {}", record.id))
        .collect()
}

/// The dailies of June and of the first days of July.
fn june(from: u32) -> Vec<RetentionRecord> {
    let june = (from..=30).map(|day| format!("2026-06-{day:02}"));
    let days = june.chain(["2026-07-01".to_owned(), "2026-07-02".to_owned()]);
    days.map(|day| record(Daily, &day)).collect()
}

#[test]
fn a_copy_that_no_run_of_its_period_could_make_is_made_up_and_its_source_stays() {
    let policy = policy(r#"{"daily": {"days": 3}, "monthly": {"days": 90}}"#);
    let mut records = june(28);
    records.push(record(Monthly, "2026-07-01"));
    assert_eq!(
        lacking(&records, &policy, "2026-07-02"),
        ["monthly of 2026-06-28"]
    );
    let decided = read(&records, &policy, "2026-07-02");
    assert_eq!(
        decided[..2],
        [
            "daily: old, but its monthly copy is not made yet: a later run makes it",
            "- daily: older than 3 days"
        ]
    );
    records.push(record(Monthly, "2026-06-28"));
    assert_eq!(lacking(&records, &policy, "2026-07-02"), [""; 0]);
    assert_eq!(
        read(&records, &policy, "2026-07-02")[0],
        "- daily: older than 3 days"
    );
}

#[test]
fn a_copy_that_its_tier_would_not_hold_any_more_is_not_made_up() {
    let held = [record(Monthly, "2026-07-01")];
    let records = [june(28).as_slice(), &held].concat();
    let monthly = |rule: &str| {
        policy(&format!(
            r#"{{"daily": {{"days": 30}}, "monthly": {rule}}}"#
        ))
    };
    for (rule, now, expected) in [
        (r#"{"days": 90}"#, "2026-08-31", 1),
        (r#"{"days": 90}"#, "2026-09-01", 0),
        // Gone by age before the month was over: not made again.
        (r#"{"days": 10}"#, "2026-07-02", 0),
        (r#"{"last": 1}"#, "2026-07-02", 0),
        (r#"{"last": 2}"#, "2026-07-02", 1),
        ("{}", "2099-01-01", 1),
    ] {
        let found = lacking(&records, &monthly(rule), now).len();
        assert_eq!(found, expected, "{rule} at {now}");
    }
}

#[test]
fn copies_are_made_up_oldest_first_and_no_more_than_the_tier_holds() {
    let days = ["2026-03-09", "2026-04-09", "2026-05-09", "2026-06-09"];
    let mut records: Vec<_> = days.iter().map(|day| record(Daily, day)).collect();
    let two = policy(r#"{"daily": {"last": 9}, "monthly": {"last": 2}}"#);
    let expected = ["monthly of 2026-05-09", "monthly of 2026-06-09"];
    assert_eq!(lacking(&records, &two, "2026-06-09"), expected);
    // Damaged ones are no source, and fill no place.
    records[3].good = false;
    records.push(damaged(Monthly, "2026-05-09"));
    let expected = ["monthly of 2026-04-09", "monthly of 2026-05-09"];
    assert_eq!(lacking(&records, &two, "2026-06-09"), expected);
}
