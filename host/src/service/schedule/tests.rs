#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;
use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::schedule::Schedule;

/// Two clocks that go on as soon as a caller waits.
struct TestClock(Mutex<Moment>);

impl TestClock {
    fn showing(time: &str) -> Self {
        Self(Mutex::new(Moment {
            wall: time.parse().unwrap(),
            monotonic: Duration::from_secs(1_000),
        }))
    }

    fn pass(&self, minutes: u64) {
        self.go_on(Duration::from_secs(minutes * 60));
    }

    fn go_on(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        now.wall += SignedDuration::try_from(time).unwrap();
        now.monotonic += time;
    }

    /// The wall clock is set; the other one cannot be.
    fn set(&self, time: &str) {
        self.0.lock().unwrap().wall = time.parse().unwrap();
    }
}

impl Clock for TestClock {
    fn moment(&self) -> Moment {
        *self.0.lock().unwrap()
    }

    async fn wait(&self, longest: Duration) {
        self.go_on(longest);
    }
}

/// The first `count` runs of a sidecar that starts at `time`, each of which takes `minutes`.
fn runs(cron: &str, past: Past, time: &str, minutes: u64, count: usize) -> Vec<String> {
    runs_and_settings(cron, past, time, minutes, &[], count)
}

/// The same; after each run the clock is set to the next of `settings`.
fn runs_and_settings(
    cron: &str,
    past: Past,
    time: &str,
    minutes: u64,
    settings: &[&str],
    count: usize,
) -> Vec<String> {
    let schedule = Schedule::new(cron, "UTC", Duration::ZERO, true).unwrap();
    let timetable = Timetable::new(vec![schedule], "seed");
    let clock = TestClock::showing(time);
    let begun = Mutex::new(Vec::new());
    let run = |asked_by, _| {
        let (begun, clock) = (&begun, &clock);
        async move {
            if begun.lock().unwrap().len() == count {
                std::future::pending::<()>().await;
            }
            let at = clock.now().strftime("%d %H:%M");
            begun.lock().unwrap().push(format!("{at} {asked_by}"));
            clock.pass(minutes);
            let runs = begun.lock().unwrap().len();
            if let Some(setting) = settings.get(runs - 1) {
                clock.set(setting);
            }
        }
    };
    let followed = Box::pin(follow(
        "backup",
        &timetable,
        past,
        clock.moment(),
        &clock,
        run,
    ));
    // It goes on until the run that never ends.
    let polled = futures_util::FutureExt::now_or_never(followed);
    assert!(polled.is_none());
    begun.into_inner().unwrap()
}

fn succeeded(time: &str) -> Past {
    Past {
        succeeded: Some(time.parse().unwrap()),
        caught_up: None,
    }
}

#[test]
fn every_night_one_run() {
    assert_eq!(
        runs("0 3 * * *", Past::default(), "2023-12-01T12:00:00Z", 5, 3),
        [
            "02 03:00 schedule",
            "03 03:00 schedule",
            "04 03:00 schedule"
        ]
    );
}

#[test]
fn a_missed_run_is_made_up_for_at_the_start() {
    let past = succeeded("2023-11-30T03:00:00Z");
    assert_eq!(
        runs("0 3 * * *", past, "2023-12-01T12:00:00Z", 5, 2),
        ["01 12:00 schedule, late", "02 03:00 schedule"]
    );
    let past = succeeded("2023-12-01T03:00:00Z");
    assert_eq!(
        runs("0 3 * * *", past, "2023-12-01T12:00:00Z", 5, 1),
        ["02 03:00 schedule"]
    );
}

#[test]
fn it_is_made_up_for_once() {
    let past = Past {
        // As the journal has it: when the late run was asked for.
        caught_up: Some(Slot::at("2023-12-01T11:00:00Z".parse().unwrap())),
        ..succeeded("2023-11-30T03:00:00Z")
    };
    assert_eq!(
        runs("0 3 * * *", past, "2023-12-01T12:00:00Z", 5, 1),
        ["02 03:00 schedule"]
    );
}

#[test]
fn what_becomes_due_during_a_long_run_is_skipped() {
    assert_eq!(
        runs("0 * * * *", Past::default(), "2023-12-01T00:30:00Z", 150, 3),
        [
            "01 01:00 schedule",
            "01 04:00 schedule",
            "01 07:00 schedule"
        ]
    );
}

#[test]
fn a_clock_that_was_ahead_is_not_waited_for() {
    let begun = "2099-06-01T12:00:00Z";
    let set_back = ["2026-06-02T20:00:00Z"];
    assert_eq!(
        runs_and_settings("0 3 * * *", Past::default(), begun, 5, &set_back, 3),
        [
            "02 03:00 schedule",
            "03 03:00 schedule",
            "04 03:00 schedule"
        ]
    );
}

#[test]
fn a_clock_that_jumps_ahead_starts_one_run_and_not_all_that_it_skips() {
    let forward = ["2026-09-02T20:00:00Z"];
    assert_eq!(
        runs_and_settings(
            "0 3 * * *",
            Past::default(),
            "2026-06-01T12:00:00Z",
            5,
            &forward,
            3
        ),
        [
            "02 03:00 schedule",
            "03 03:00 schedule",
            "04 03:00 schedule"
        ]
    );
}

#[test]
fn a_clock_that_is_set_back_by_seconds_starts_nothing_twice() {
    let back = ["2026-06-02T02:59:58Z"];
    assert_eq!(
        runs_and_settings(
            "0 3 * * *",
            Past::default(),
            "2026-06-01T12:00:00Z",
            0,
            &back,
            3
        ),
        [
            "02 03:00 schedule",
            // A day later by the other clock.
            "03 02:59 schedule",
            "04 02:59 schedule"
        ]
    );
}

#[test]
fn a_clock_that_is_set_back_each_night_stops_nothing() {
    // It never gets to three again by itself: after a day the other clock says that it is time.
    let back = ["2026-06-01T04:00:00Z"; 3];
    let begun = "2026-06-01T12:00:00Z";
    let runs = runs_and_settings("0 3 * * *", Past::default(), begun, 5, &back, 4);
    assert_eq!(runs.len(), 4);
    assert!(
        runs[1..].iter().all(|run| run.starts_with("02 03:")),
        "{runs:?}"
    );
}
