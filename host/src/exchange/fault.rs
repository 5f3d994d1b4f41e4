//! Faults that tests ask for: `SIDECAR_TEST_FAULT=POINT[@N]=kill|stop|fail` ends or stops the process, or fails,
//! the `N`th time that a restore comes to a point; several are separated by commas. It is for tests needless.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::{Errno, Result};
use rustix::process::{Signal, getpid, kill_process};

const TEST_VARIABLE: &str = "SIDECAR_TEST_FAULT";

struct TestFault {
    point: String,
    left: AtomicU64,
    action: Action,
}

enum Action {
    Signal(Signal),
    Fail,
}

/// Passes a point.
pub(crate) fn at(point: &str) -> Result<()> {
    static FAULTS: OnceLock<Vec<TestFault>> = OnceLock::new();
    let faults = FAULTS.get_or_init(|| {
        let asked = std::env::var(TEST_VARIABLE).unwrap_or_default();
        asked.split(',').filter_map(parse).collect()
    });
    for fault in faults.iter().filter(|fault| fault.point == point) {
        if fault.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            match fault.action {
                Action::Signal(signal) => kill_process(getpid(), signal)?,
                Action::Fail => return Err(Errno::IO),
            }
        }
    }
    Ok(())
}

fn parse(text: &str) -> Option<TestFault> {
    let (place, action) = text.split_once('=')?;
    let (point, count) = place.split_once('@').unwrap_or((place, "1"));
    Some(TestFault {
        point: point.to_owned(),
        left: AtomicU64::new(count.parse().ok()?),
        action: match action {
            "kill" => Action::Signal(Signal::KILL),
            "stop" => Action::Signal(Signal::STOP),
            _ => Action::Fail,
        },
    })
}
