#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const LEAST: &str = "2026-06-01T03:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn judged(wall: &str, run_on: Option<&str>, store: Option<&str>, least: Option<&str>) -> String {
    let time = plausible(Readings {
        wall: at(wall),
        run_on: run_on.map(at),
        store: store.map(at),
        at_least: least.map(at),
    });
    match time.doubt {
        None => format!("{:.0} sure", time.now),
        Some(doubt) => format!("{:.0} {}", time.now, doubt.code()),
    }
}

const NEXT_NIGHT: &str = "2026-06-02T03:00:00Z";
const FUTURE: &str = "2099-01-01T03:00:00Z";
const EPOCH: &str = "1970-01-01T00:00:00Z";

#[test]
fn a_store_that_agrees_is_enough() {
    for wall in [NEXT_NIGHT, FUTURE] {
        let sure = format!("{wall} sure");
        assert_eq!(judged(wall, None, Some(wall), Some(LEAST)), sure);
        assert_eq!(judged(wall, None, Some(wall), None), sure);
        assert_eq!(judged(wall, Some(EPOCH), Some(wall), Some(LEAST)), sure);
    }
    assert_eq!(
        judged(EPOCH, None, Some(EPOCH), Some(LEAST)),
        format!("{EPOCH} backups-from-the-future")
    );
}

#[test]
fn of_two_that_differ_the_one_near_the_youngest_backup_is_likelier() {
    let differs = format!("{NEXT_NIGHT} clock-differs");
    assert_eq!(judged(FUTURE, None, Some(NEXT_NIGHT), Some(LEAST)), differs);
    assert_eq!(judged(NEXT_NIGHT, None, Some(FUTURE), Some(LEAST)), differs);
    // Neither, or both: what has run on decides, and then the store.
    assert_eq!(
        judged(NEXT_NIGHT, Some(NEXT_NIGHT), Some(FUTURE), None),
        differs
    );
    assert_eq!(judged(FUTURE, None, Some(NEXT_NIGHT), None), differs);
}

#[test]
fn without_a_store_a_clock_is_believed_that_was_not_set_and_is_near() {
    let sure = format!("{NEXT_NIGHT} sure");
    assert_eq!(judged(NEXT_NIGHT, None, None, Some(LEAST)), sure);
    assert_eq!(
        judged(NEXT_NIGHT, Some(NEXT_NIGHT), None, Some(LEAST)),
        sure
    );
    assert_eq!(
        judged(FUTURE, Some(NEXT_NIGHT), None, Some(LEAST)),
        format!("{NEXT_NIGHT} clock-stepped")
    );
    for wall in [FUTURE, EPOCH] {
        let unknown = format!("{wall} clock-unknown");
        assert_eq!(judged(wall, None, None, Some(LEAST)), unknown);
    }
    assert_eq!(
        judged(NEXT_NIGHT, None, None, None),
        format!("{NEXT_NIGHT} no-witness")
    );
}

#[test]
fn minutes_are_no_difference() {
    assert_eq!(
        judged(
            "2026-06-01T02:50:00Z",
            None,
            Some("2026-06-01T03:04:00Z"),
            Some(LEAST)
        ),
        "2026-06-01T02:50:00Z sure"
    );
    assert_eq!(
        judged("2026-07-16T03:00:00Z", None, None, Some(LEAST)),
        "2026-07-16T03:00:00Z sure"
    );
    assert_eq!(
        judged("2026-07-17T03:00:00Z", None, None, Some(LEAST)),
        "2026-07-17T03:00:00Z clock-unknown"
    );
}
