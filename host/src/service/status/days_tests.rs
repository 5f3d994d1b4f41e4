#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::service::status::tests::{Case, nightly};
use crate::store::BackupHealth;

/// Of the days up to `now`, the newest last, the last ones as letters.
fn told(case: &Case, newest: usize) -> String {
    let (facts, nightly) = (&case.0, nightly());
    let all = days(facts, &facts.backups, &[&nightly]);
    assert_eq!(all.len(), 30);
    let letter = |day: &DayStatus| match day.state {
        DayState::Quiet => '.',
        DayState::Good => 'g',
        DayState::Warned => 'w',
        DayState::Failed => 'f',
        DayState::Missed => 'm',
    };
    all[30 - newest..].iter().map(letter).collect()
}

#[test]
fn a_night_without_a_run_is_seen() {
    let case = Case::new("11-05T12:00")
        .good("a", "11-02T03:00")
        .ran("b", "11-03T03:00", RunState::Failed)
        .good("d", "11-05T03:00");
    // The strategy began on the first at noon: nothing was due that day.
    assert_eq!(told(&case, 6), "..gfmg");
}

#[test]
fn what_is_due_today_is_missed_once_it_may_no_longer_come() {
    assert_eq!(told(&Case::new("11-03T02:59"), 2), "m.");
    assert_eq!(told(&Case::new("11-03T03:10"), 2), "m.");
    assert_eq!(told(&Case::new("11-03T03:16"), 2), "mm");
}

#[test]
fn a_failure_beside_a_good_backup_and_what_was_left_out_are_warnings() {
    let mut case = Case::new("11-04T12:00")
        .ran("a", "11-03T03:00", RunState::Failed)
        .good("b", "11-03T09:00")
        .good("c", "11-04T03:00");
    assert_eq!(told(&case, 2), "wg");
    case.0.copies[0].omissions = 1;
    assert_eq!(told(&case, 2), "ww");
    assert_eq!(case.stands().last_good.unwrap().warnings, 1);
}

#[test]
fn a_backup_that_is_damaged_was_none() {
    let mut case = Case::new("11-04T12:00")
        .ran("a", "11-03T03:00", RunState::Succeeded)
        .good("a", "11-03T03:00")
        .good("b", "11-04T03:00");
    case.0.copies[1].health = BackupHealth::Damaged {
        at: case.0.now,
        reason: "bits".to_owned(),
    };
    assert_eq!(told(&case, 2), "fg");
}

#[test]
fn a_backup_that_went_since_was_good_all_the_same() {
    let case = Case::new("11-03T12:00").ran("a", "11-02T03:00", RunState::Succeeded);
    assert_eq!(told(&case, 2), "gm");
    let cancelled = Case::new("11-03T12:00").ran("a", "11-03T03:00", RunState::Cancelled);
    assert_eq!(told(&cancelled, 1), "m");
}
