//! What is due without a schedule.

use super::*;

#[test]
fn without_a_schedule_the_rhythm_of_the_last_backups_counts() {
    let stands = |now: &str, count: usize| {
        let mut case = Case::new(now);
        (case.0.is_scheduled, case.0.starts, case.0.next) = (false, Vec::new(), None);
        let days = ["11-17", "11-18", "11-19", "11-20"];
        for day in &days[4 - count..] {
            case = case.good(day, &format!("{day}T03:00"));
        }
        case.stands()
    };
    assert_eq!(stands("11-21T14:00", 4).state, MemberState::Fresh);
    assert_eq!(stands("11-21T14:00", 4).due, Some(at("11-21T15:00")));
    assert_eq!(stands("11-21T16:00", 4).state, MemberState::Late);
    assert_eq!(stands("11-23T04:00", 4).state, MemberState::Failed);
}

/// Without a schedule, and no one has made anything yet.
fn unscheduled(now: &str) -> Case {
    let mut case = Case::new(now);
    (case.0.is_scheduled, case.0.starts, case.0.next) = (false, Vec::new(), None);
    case
}

#[test]
fn without_a_rhythm_what_is_old_needs_a_look() {
    let one = |now: &str| unscheduled(now).good("a", "11-20T03:00").stands();
    assert_eq!(one("11-23T02:59").state, MemberState::Fresh);
    let late = one("11-23T03:01");
    assert_eq!(
        (late.state, codes(&late)),
        (MemberState::Late, vec!["no-rhythm"])
    );
    assert_eq!(late.since, Some(at("11-23T03:00")));
    let two = |now: &str| {
        let weekly = unscheduled(now).good("a", "11-08T03:00");
        weekly.good("b", "11-15T03:00").stands().state
    };
    assert_eq!(two("11-25T03:00"), MemberState::Fresh);
    assert_eq!(two("11-25T16:00"), MemberState::Late);
}

#[test]
fn without_a_schedule_a_first_backup_is_missed_after_days() {
    assert_eq!(
        unscheduled("11-04T11:00").stands().state,
        MemberState::Never
    );
    let late = unscheduled("11-04T13:00").stands();
    assert_eq!(
        (late.state, codes(&late)),
        (MemberState::Late, vec!["no-rhythm"])
    );
}

#[test]
fn a_store_that_keeps_one_backup_hides_no_rhythm() {
    let stands = |now: &str| {
        let mut case = unscheduled(now).good("11-20", "11-20T03:00");
        for day in ["11-17", "11-18", "11-19", "11-20"] {
            case = case.ran(day, &format!("{day}T03:00"), RunState::Succeeded);
        }
        case.stands()
    };
    assert_eq!(stands("11-21T14:00").state, MemberState::Fresh);
    let late = stands("11-21T16:00");
    assert_eq!(
        (late.state, codes(&late)),
        (MemberState::Late, vec!["overdue"])
    );
}

#[test]
fn what_is_due_every_few_minutes_is_counted_from_the_first_that_is_missing() {
    let often = Schedule::new("*/10 * * * *", "UTC", std::time::Duration::ZERO, true).unwrap();
    let often = Timetable::new(vec![often], "");
    let stands = |good: &str, now: &str| {
        let mut case = Case::new(now).good("a", good);
        case.0.starts = due::starts(&[&often], at(good), at(now));
        let status = case.stands();
        let overdue = &status.why[0];
        assert_eq!(overdue.code, "overdue");
        (status.since.unwrap(), overdue.args["slots"].clone())
    };
    // Until 15 minutes ago.
    let two_days = stands("11-18T03:00", "11-20T03:00");
    assert_eq!(two_days, (at("11-18T03:10"), "286".to_owned()));
    let later = stands("11-18T03:00", "11-20T04:00");
    assert_eq!(later, (at("11-18T03:10"), "292".to_owned()));
}

#[test]
fn a_backup_of_the_future_covers_nothing() {
    let case = Case::new("11-20T12:00")
        .good("a", "11-15T03:00")
        .good("ahead", "12-04T03:00");
    let status = case.ran("b", "11-20T03:00", RunState::Failed).stands();
    assert_eq!(status.state, MemberState::Failed);
    assert_eq!(
        codes(&status),
        ["overdue", "last-run-failed", "backup-of-the-future"]
    );
    assert_eq!(status.last_good.unwrap().id, "a");

    let only = Case::new("11-20T12:00")
        .good("ahead", "12-04T03:00")
        .stands();
    assert_eq!(only.state, MemberState::Failed);
    assert_eq!(only.last_good.unwrap().id, "ahead");
}
