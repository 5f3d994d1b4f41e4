//! Starts, jitter and what was missed.

use jiff::SignedDuration;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn nightly(jitter: Duration, catch_up: bool) -> Timetable {
    let schedule = Schedule::new("0 3 * * *", "UTC", jitter, catch_up).unwrap();
    Timetable::new(vec![schedule], "minio/citus")
}

fn past(succeeded: &str) -> Past {
    Past {
        succeeded: Some(time(succeeded)),
        caught_up: None,
    }
}

#[test]
fn entries_that_name_the_same_time_are_one_run() {
    let nightly = schedule("0 3 * * *", "UTC");
    let jittery = Schedule::new("0 3 1 * *", "UTC", 30 * MINUTE, true).unwrap();
    let noon = schedule("0 12 * * *", "UTC");
    let timetable = Timetable::new(vec![jittery, nightly, noon], "seed");
    let mut after = time("2023-11-30T20:00:00Z");
    let mut starts = Vec::new();
    for _ in 0..3 {
        let start = timetable.next(after).unwrap();
        starts.push(start.to_owned().slot.to_string());
        after = start.at;
    }
    assert_eq!(
        starts,
        ["20231201T030000Z", "20231201T120000Z", "20231202T030000Z"]
    );
    assert_eq!(Timetable::new(Vec::new(), "seed").next(after), None);
}

#[test]
fn replicas_agree_and_others_spread() {
    let slot = Slot::at(time("2023-12-01T03:00:00Z"));
    let schedule = Schedule::new("0 3 * * *", "UTC", 5 * MINUTE, true).unwrap();
    let start = schedule.start(slot, "minio/citus");
    assert_eq!(start, schedule.clone().start(slot, "minio/citus"));
    let others = (0..100).map(|n| schedule.start(slot, &format!("minio/{n}")));
    let (early, late): (Vec<_>, Vec<_>) =
        others.partition(|start| *start < time("2023-12-01T03:02:30Z"));
    assert!(
        early.len() > 25 && late.len() > 25,
        "{} {}",
        early.len(),
        late.len()
    );
    // Another night, another delay.
    let next = schedule.next(slot.time()).unwrap();
    assert_ne!(
        schedule
            .start(next, "minio/citus")
            .duration_since(next.time()),
        start.duration_since(slot.time())
    );
}

#[test]
fn a_restart_between_slot_and_start_still_starts() {
    let timetable = nightly(30 * MINUTE, true);
    let start = timetable.next(time("2023-12-01T02:00:00Z")).unwrap();
    assert!(start.at > start.slot.time() + SignedDuration::from_secs(1));
    assert_eq!(timetable.next(start.slot.time()), Some(start));
    let just_before = start.at - SignedDuration::from_millis(1);
    assert_eq!(timetable.next(just_before), Some(start));
    assert_eq!(
        timetable.missed(past("2023-11-30T03:01:00Z"), just_before),
        None
    );
    assert_eq!(
        timetable.missed(past("2023-11-30T03:01:00Z"), start.at),
        Some(start.slot)
    );
    assert_ne!(timetable.next(start.at), Some(start));
}

#[test]
fn a_missed_run_is_made_up_for_once() {
    let timetable = nightly(Duration::ZERO, true);
    let now = time("2023-12-05T09:00:00Z");
    let slot = Slot::at(time("2023-12-05T03:00:00Z"));
    // However many were missed, the last one counts.
    assert_eq!(
        timetable.missed(past("2023-12-01T03:00:00Z"), now),
        Some(slot)
    );
    assert_eq!(
        timetable.missed(past("2023-12-05T02:59:59Z"), now),
        Some(slot)
    );
    // Nothing was missed: it ran, or an operator ran it by hand since.
    assert_eq!(timetable.missed(past("2023-12-05T03:00:00Z"), now), None);
    assert_eq!(timetable.missed(past("2023-12-05T08:00:00Z"), now), None);
    // It was tried already.
    let tried = Past {
        caught_up: Some(slot),
        ..past("2023-12-01T03:00:00Z")
    };
    assert_eq!(timetable.missed(tried, now), None);
    let tomorrow = time("2023-12-06T09:00:00Z");
    let slot = Slot::at(time("2023-12-06T03:00:00Z"));
    assert_eq!(timetable.missed(tried, tomorrow), Some(slot));
}

#[test]
fn nothing_is_made_up_for_without_a_wish_or_a_past() {
    let now = time("2023-12-05T09:00:00Z");
    let unwanted = nightly(Duration::ZERO, false);
    assert_eq!(unwanted.missed(past("2023-12-01T03:00:00Z"), now), None);
    let new = nightly(Duration::ZERO, true);
    assert_eq!(new.missed(Past::default(), now), None);
    // A clock that was set back.
    assert_eq!(new.missed(past("2024-06-01T03:00:00Z"), now), None);
}
