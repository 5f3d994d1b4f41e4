#![allow(clippy::unwrap_used, reason = "tests")]

mod clocks;
mod properties;
mod timetable;

use std::time::Duration;

use jiff::Timestamp;

use super::*;

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::new(cron, zone, Duration::ZERO, true).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The slots after `from`, up to and with `to`.
fn slots(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Slot> {
    let after = |slot: &Slot| schedule.next(slot.time());
    let slots = std::iter::successors(schedule.next(from), after);
    slots.take_while(|slot| slot.time() <= to).collect()
}

#[test]
fn a_slot_is_named_by_its_utc_time() {
    let madrid = schedule("0 3 * * *", "Europe/Madrid");
    let slot = madrid.next(time("2023-12-01T01:59:59.9Z")).unwrap();
    assert_eq!(slot.to_string(), "20231201T020000Z");
    assert_eq!(
        madrid.next(slot.time()).unwrap().to_string(),
        "20231202T020000Z"
    );
    assert_eq!(madrid.latest(slot.time()), Some(slot));
    assert_eq!(madrid.latest(time("2023-12-02T01:59:59.9Z")), Some(slot));
}

#[test]
fn nicknames_are_known() {
    let daily = schedule("@daily", "UTC").next(time("2023-12-01T00:00:00Z"));
    assert_eq!(daily.unwrap().to_string(), "20231202T000000Z");
}

#[test]
fn what_is_not_a_schedule_is_refused() {
    let refused = [
        (
            "every night",
            "UTC",
            "`every night` is not a cron expression",
        ),
        (
            "0 0 3 * * *",
            "UTC",
            "`0 0 3 * * *` is not a cron expression",
        ),
        ("0 25 * * *", "UTC", "`0 25 * * *` is not a cron expression"),
        (
            "0 3 * * *",
            "Mars/Olympus",
            "`Mars/Olympus` is not a time zone",
        ),
        ("0 3 30 2 *", "UTC", "`0 3 30 2 *` never happens"),
    ];
    for (cron, zone, message) in refused {
        let error = Schedule::new(cron, zone, Duration::ZERO, true).unwrap_err();
        assert_eq!(error.code(), "invalid-schedule");
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.hint_text().is_some());
    }
}
