//! Days on which the clocks change.

use super::*;

/// The slots of these days in UTC, as "hour:minute".
fn on(cron: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (time(from), time(to));
    slots(&schedule(cron, zone), from, to)
        .iter()
        .map(|slot| slot.time().strftime("%d %H:%M").to_string())
        .collect()
}

#[test]
fn a_time_that_does_not_exist_runs_once_after_the_change() {
    // 2:00 becomes 3:00 at 01:00 UTC on 31 March 2024.
    let spring = |cron| {
        on(
            cron,
            "Europe/Madrid",
            "2024-03-30T12:00:00Z",
            "2024-04-01T12:00:00Z",
        )
    };
    assert_eq!(spring("30 2 * * *"), ["31 01:00", "01 00:30"]);
    assert_eq!(spring("0 2 * * *"), ["31 01:00", "01 00:00"]);
    assert_eq!(spring("0 3 * * *"), ["31 01:00", "01 01:00"]);
    // Several times that do not exist are one run; those that do are runs of their own.
    assert_eq!(spring("0,30 2 * * 0"), ["31 01:00"]);
    assert_eq!(spring("0 2,14 * * 0"), ["31 01:00", "31 12:00"]);
    assert_eq!(spring("30 2,3 * * 0"), ["31 01:00", "31 01:30"]);
}

#[test]
fn a_time_that_exists_twice_runs_the_first_time() {
    // 3:00 becomes 2:00 at 01:00 UTC on 27 October 2024.
    let autumn = |cron| {
        on(
            cron,
            "Europe/Madrid",
            "2024-10-26T12:00:00Z",
            "2024-10-28T12:00:00Z",
        )
    };
    assert_eq!(autumn("30 2 * * *"), ["27 00:30", "28 01:30"]);
    assert_eq!(autumn("0 3 * * *"), ["27 02:00", "28 02:00"]);
    assert_eq!(autumn("0,30 2 * * 0"), ["27 00:00", "27 00:30"]);
    assert_eq!(autumn("0 2,14 * * 0"), ["27 00:00", "27 13:00"]);
}

#[test]
fn every_hour_means_every_real_hour() {
    let hourly = |from, to| on("0 * * * *", "Europe/Madrid", from, to);
    assert_eq!(
        hourly("2024-03-31T00:00:00Z", "2024-03-31T03:00:00Z"),
        ["31 01:00", "31 02:00", "31 03:00"]
    );
    assert_eq!(
        hourly("2024-10-26T23:00:00Z", "2024-10-27T03:00:00Z"),
        ["27 00:00", "27 01:00", "27 02:00", "27 03:00"]
    );
}

#[test]
fn midnight_may_be_missing() {
    // In Santiago 0:00 becomes 1:00 at 04:00 UTC on 8 September 2024.
    assert_eq!(
        on(
            "0 0 * * *",
            "America/Santiago",
            "2024-09-07T12:00:00Z",
            "2024-09-09T12:00:00Z"
        ),
        ["08 04:00", "09 03:00"]
    );
    // In Nuuk the hour from 23:00 to midnight is missing on 30 March 2024.
    assert_eq!(
        on(
            "30 23 * * *",
            "America/Nuuk",
            "2024-03-29T12:00:00Z",
            "2024-03-31T12:00:00Z"
        ),
        ["30 01:30", "31 01:00", "01 00:30"][..2]
    );
}

#[test]
fn a_whole_day_may_be_missing() {
    // Samoa went from 29 to 31 December 2011.
    assert_eq!(
        on(
            "0 3 * * *",
            "Pacific/Apia",
            "2011-12-28T20:00:00Z",
            "2011-12-31T20:00:00Z"
        ),
        ["29 13:00", "30 10:00", "30 13:00", "31 13:00"]
    );
}

#[test]
fn latest_sees_past_a_repeated_hour() {
    let night = schedule("30 2 * * *", "Europe/Madrid");
    let first = time("2024-10-27T00:30:00Z");
    // Within the second 2:00 to 3:00, before and after its 2:30.
    for until in [
        "2024-10-27T00:59:00Z",
        "2024-10-27T01:10:00Z",
        "2024-10-27T01:50:00Z",
    ] {
        assert_eq!(night.latest(time(until)), Some(Slot::at(first)), "{until}");
    }
    assert_eq!(
        night
            .next(time("2024-10-27T01:10:00Z"))
            .unwrap()
            .to_string(),
        "20241028T013000Z"
    );
}
