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

/// A field as a line has it, and the numbers that it means.
type Field = (String, Vec<i8>);

fn fields(first: i8, last: i8) -> impl Strategy<Value = Field> {
    let all: Vec<i8> = (first..=last).collect();
    let list = subsequence(all.clone(), 1..4).prop_map(|numbers| {
        let texts: Vec<String> = numbers.iter().map(i8::to_string).collect();
        (texts.join(","), numbers)
    });
    let range = (first..=last, first..=last).prop_map(|(one, other)| {
        let (from, to) = (one.min(other), one.max(other));
        (format!("{from}-{to}"), (from..=to).collect())
    });
    let steps = (first..=last, 1i8..20).prop_map(move |(from, step)| {
        let numbers = (from..=last).step_by(step as usize);
        (format!("{from}-{last}/{step}"), numbers.collect())
    });
    let any = Just(("*".to_owned(), all));
    prop_oneof![2 => any, 2 => list, 1 => range, 1 => steps]
}

/// Minute, hour, day of the month or of the week, month; not both days, of which one would be enough.
fn times() -> impl Strategy<Value = [Field; 5]> {
    let every = |first: i8, last: i8| ("*".to_owned(), (first..=last).collect::<Vec<i8>>());
    let of_month = fields(1, 31).prop_map(move |days| (days, every(0, 6)));
    let of_week = fields(0, 6).prop_map(move |days| (every(1, 31), days));
    let days = prop_oneof![of_month, of_week];
    (fields(0, 59), fields(0, 23), days, fields(1, 12))
        .prop_map(|(minute, hour, (day, weekday), month)| [minute, hour, day, month, weekday])
}

fn is_one_of(at: Timestamp, times: &[Field; 5]) -> bool {
    let at = at.to_zoned(TimeZone::UTC);
    let weekday = at.weekday().to_sunday_zero_offset();
    let shown = [at.minute(), at.hour(), at.day(), at.month(), weekday];
    let mut pairs = times.iter().zip(shown);
    at.second() == 0 && pairs.all(|((_, numbers), shown)| numbers.contains(&shown))
}

proptest! {
    #[test]
    fn the_next_one_is_the_first_that_the_line_names(times in times(), now in moments()) {
        let line = times.each_ref().map(|(text, _)| text.as_str()).join(" ");
        let Ok(schedule) = Schedule::new(&line, "UTC", Duration::ZERO, true) else {
            // A 31st of April.
            prop_assert!(times[2].1.iter().all(|day| *day > 29), "{} is refused", line);
            return Ok(());
        };
        let next = schedule.next(now).unwrap().time();
        prop_assert!(next > now && is_one_of(next, &times), "{}: {} after {}", line, next, now);
        let minute = now.as_second().div_euclid(60);
        let between = (1..3000).map(|later| Timestamp::from_second((minute + later) * 60).unwrap());
        let earlier = between.take_while(|time| *time < next).find(|time| is_one_of(*time, &times));
        prop_assert_eq!(earlier, None, "{}: {} after {}", line, next, now);
    }

    #[test]
    fn any_line_is_a_schedule_or_refused(
        line in prop_oneof!["[ -~]{0,24}", "([0-9*/,LW#?-]{1,5} ){4}[0-9A-Z*/,#-]{1,5}"], now in moments()
    ) {
        if let Ok(schedule) = Schedule::new(&line, "Europe/Madrid", Duration::ZERO, true)
            && let Some(next) = schedule.next(now)
        {
            prop_assert!(next.time() > now, "{}: {} after {}", line, next, now);
            prop_assert!(schedule.latest(next.time()) == Some(next), "{}", line);
        }
    }

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
