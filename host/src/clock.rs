//! The time of day. Everything that compares times or writes them down asks here; only what talks to
//! other machines about their clocks asks the system itself.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

/// Names a file that holds the time (RFC 3339) instead: for the specification alone, which moves it.
const FILE: &str = "SIDECAR_TEST_CLOCK";
/// How often that file is looked at.
const TEST_GLANCE: Duration = Duration::from_millis(10);

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

/// How long somebody may sleep who wants to look at the clock after `longest` at the latest.
pub fn nap(longest: Duration) -> Duration {
    match file() {
        Some(_) => longest.min(TEST_GLANCE),
        None => longest,
    }
}

fn file() -> Option<&'static PathBuf> {
    static NAMED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let named = || {
        let file = PathBuf::from(std::env::var_os(FILE)?);
        tracing::warn!(file = %file.display(), "the time is what {FILE} says: this is for tests alone");
        Some(file)
    };
    NAMED.get_or_init(named).as_ref()
}
