//! What the operator sees of a run while it goes on.

use crate::border::progress;

/// Something failed that the run does not return.
pub fn error(message: &str) {
    progress::log("error", message);
}

/// Something was left out that the operator might miss.
pub fn warn(message: &str) {
    progress::log("warn", message);
}

/// What is being done.
pub fn info(message: &str) {
    progress::log("info", message);
}

/// How far the work is, in bytes; `note` is a few words.
pub fn report(done: u64, total: Option<u64>, note: Option<&str>) {
    progress::report(done, total, note);
}
