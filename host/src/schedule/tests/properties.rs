//! What holds for any line, zone and time.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// Whole, half and double hours, at night, at midnight, before midnight; none at all.
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Madrid",
    "Europe/Dublin",
    "America/New_York",
    "America/Santiago",
    "America/Nuuk",
    "America/Havana",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Kathmandu",
];

/// Seconds of 2024 to 2026.
fn moments() -> impl Strategy<Value = Timestamp> {
    let first = time("2024-01-01T00:00:00Z");
    (0i64..94_000_000_000).prop_map(move |millis| first + SignedDuration::from_millis(millis))
}

/// Moments around the changes of the clocks, where things go wrong.
fn moments_of(zone: &'static str) -> impl Strategy<Value = Timestamp> {
    let zone = TimeZone::get(zone).unwrap();
    let changes = zone.following(time("2024-01-01T00:00:00Z")).take(6);
    let mut changes: Vec<_> = changes.map(|change| change.timestamp()).collect();
    changes.push(time("2024-06-01T00:00:00Z"));
    let near = (select(changes), -20_000i64..20_000)
        .prop_map(|(change, seconds)| change + SignedDuration::from_secs(seconds));
    prop_oneof![moments(), near]
}

fn lines() -> impl Strategy<Value = String> {
    let minutes = subsequence(vec![0, 1, 15, 29, 30, 45, 59], 1..4);
    let hours = subsequence(vec![0, 1, 2, 3, 4, 12, 22, 23], 1..5);
    let days = select(vec!["* * *", "* * 0", "1 * *", "* * 1-5", "28-31 * *"]);
    let list = |numbers: Vec<i32>| {
        numbers
            .iter()
            .map(i32::to_string)
            .collect::<Vec<_>>()
            .join(",")
    };
    prop_oneof![
        4 => (minutes.clone(), hours, days).prop_map(move |(minutes, hours, days)| {
            format!("{} {} {days}", list(minutes), list(hours))
        }),
        1 => minutes.prop_map(move |minutes| format!("{} * * * *", list(minutes))),
        1 => Just("*/15 */2 * * *".to_owned()),
    ]
}

fn cases() -> impl Strategy<Value = (String, &'static str, Timestamp)> {
    let zones = select(ZONES.to_vec());
    (lines(), zones).prop_flat_map(|(line, zone)| (Just(line), Just(zone), moments_of(zone)))
}

proptest! {
    #[test]
    fn next_and_latest_are_neighbours((line, zone, now) in cases()) {
        let schedule = schedule(&line, zone);
        let (next, latest) = (schedule.next(now).unwrap(), schedule.latest(now).unwrap());
        prop_assert!(latest.time() <= now && now < next.time());
        prop_assert_eq!(schedule.next(latest.time()), Some(next));
        let just_before = next.time() - SignedDuration::from_nanos(1);
        prop_assert_eq!(schedule.latest(just_before), Some(latest));
        prop_assert_eq!(schedule.latest(next.time()), Some(next));
        let just_before = latest.time() - SignedDuration::from_nanos(1);
        prop_assert_eq!(schedule.next(just_before), Some(latest));
    }

    #[test]
    fn a_daily_time_runs_once_a_day(
        zone in select(ZONES.to_vec()), hour in 0i8..24, minute in 0i8..60
    ) {
        let schedule = schedule(&format!("{minute} {hour} * * *"), zone);
        let zone = TimeZone::get(zone).unwrap();
        let mut day = date(2024, 1, 2);
        let mut last = zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap() - 1.second();
        while day < date(2027, 1, 1) {
            let slot = schedule.next(last).unwrap().time();
            let named = day.at(hour, minute, 0, 0);
            let shown = slot.to_zoned(zone.clone()).datetime();
            if zone.to_ambiguous_timestamp(named).earlier().is_ok_and(|first| first == slot) {
                prop_assert_eq!(shown, named);
            } else {
                // Left out by the change: the first moment after it.
                let before = (slot - 1.second()).to_zoned(zone.clone()).datetime();
                prop_assert!(before < named && named < shown, "{} {} {}", before, named, shown);
            }
            last = slot;
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_start_is_between_its_slot_and_the_next(
        (line, zone, now) in cases(), jitter in 0u64..200_000, seed in "[a-z]{0,8}"
    ) {
        let jitter = Duration::from_secs(jitter);
        let schedule = Schedule::new(&line, zone, jitter, true).unwrap();
        let slot = schedule.next(now).unwrap();
        let start = schedule.start(slot, &seed);
        prop_assert!(slot.time() <= start);
        prop_assert!(start < schedule.next(slot.time()).unwrap().time());
        let delay = Duration::try_from(start.duration_since(slot.time())).unwrap();
        prop_assert!(delay <= jitter);
        prop_assert_eq!(schedule.start(slot, &seed), start);
    }

    #[test]
    fn a_loop_starts_every_slot_once(
        (line, zone, now) in cases(), other in lines(), jitter in 0u64..20_000
    ) {
        let entry = |line: &str, jitter| {
            Schedule::new(line, zone, Duration::from_secs(jitter), true).unwrap()
        };
        let schedules = [entry(&line, jitter), entry(&other, jitter / 3)];
        let timetable = Timetable::new(schedules.to_vec(), "seed");
        let mut started = Vec::new();
        let mut last = now;
        for _ in 0..40 {
            let start = timetable.next(last).unwrap();
            prop_assert!(start.at > last || started.is_empty());
            prop_assert!(!started.contains(&start.slot), "{} twice", start.slot);
            started.push(start.slot);
            last = start.at;
        }
        let mut due: Vec<_> = schedules
            .iter()
            .flat_map(|schedule| slots(schedule, now, started[39].time()))
            .collect();
        due.sort();
        due.dedup();
        // Of two that start in the very same millisecond, one is skipped.
        let starts: Vec<_> = started.iter().map(|slot| timetable.start(*slot).at).collect();
        for slot in due.iter().filter(|slot| !started.contains(slot)) {
            let at = timetable.start(*slot).at;
            prop_assert!(at >= last || starts.contains(&at), "{} never starts", slot);
        }
    }
}
