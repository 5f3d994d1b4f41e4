#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;

use jiff::SignedDuration;

use super::*;

/// A clock that shows what it is told, and at once what somebody waits for.
struct TestClock(Mutex<Timestamp>);

impl TestClock {
    fn showing(time: &str) -> Self {
        Self(Mutex::new(time.parse().unwrap()))
    }

    fn pass(&self, minutes: i64) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_mins(minutes);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn reaches(&self, at: Timestamp) {
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

/// The first `count` runs of a sidecar that starts at `time`, each of which takes `minutes`.
fn runs(cron: &str, past: Past, time: &str, minutes: i64, count: usize) -> Vec<String> {
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
        }
    };
    let followed = Box::pin(follow("backup", &timetable, past, clock.now(), &clock, run));
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
