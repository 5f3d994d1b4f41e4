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
