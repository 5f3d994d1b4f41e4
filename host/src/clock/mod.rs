//! The time of day, how long ago something was, and what "now" may be. Nothing else asks the system.
//!
//! ```text
//! now        the wall clock, which may be set at any time: for what is written down
//! monotonic  goes on at one pace, also while the machine sleeps: for lengths and waiting
//! plausible  both of them, the clock of a store and the youngest backup ──► a time, and what makes it doubtful
//! ```

mod plausible;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

pub use plausible::{Doubt, PlausibleTime, Readings, TOLERANCE, after, plausible};

/// Names a file that holds the time (RFC 3339) instead: for end-to-end tests only, which move it.
const FILE: &str = "SIDECAR_TEST_CLOCK";
/// How often that file is read.
const TEST_INTERVAL: Duration = Duration::from_millis(10);

/// What the clock shows.
///
/// # Panics
/// When a test has named a file that holds no time.
pub fn now() -> Timestamp {
    let Some(file) = file() else {
        return Timestamp::now();
    };
    let text = std::fs::read_to_string(file).expect("the test's clock can be read");
    text.trim().parse().expect("the test's clock shows a time")
}

/// What the machine's own clock shows, also in a test that sets another one: to be compared with the
/// clock of another machine or of a file system.
pub fn machine() -> Timestamp {
    Timestamp::now()
}

/// How long the machine runs already, whatever its clock was set to. Only differences mean anything.
pub fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// How old a file is by the machine's clock; none if it is from the future.
pub fn file_age(path: &Path) -> Option<Duration> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    Duration::try_from(machine().duration_since(Timestamp::try_from(modified).ok()?)).ok()
}

/// How long a caller may sleep that wants to ask the clock again after `longest` at the latest.
pub fn nap(longest: Duration) -> Duration {
    match file() {
        Some(_) => longest.min(TEST_INTERVAL),
        None => longest,
    }
}

fn file() -> Option<&'static PathBuf> {
    static NAMED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let named = || {
        let file = PathBuf::from(std::env::var_os(FILE)?);
        tracing::warn!(file = %file.display(), "the time is what {FILE} says: this is for tests only");
        Some(file)
    };
    NAMED.get_or_init(named).as_ref()
}
