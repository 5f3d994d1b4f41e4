//! What the operator sees of a run in progress.

use crate::imports::progress;

/// Logs an error that the run does not return.
pub fn error(message: &str) {
    progress::log("error", message);
}

/// Logs that something was left out or is not as expected.
pub fn warn(message: &str) {
    progress::log("warn", message);
}

/// Logs what is being done.
pub fn info(message: &str) {
    progress::log("info", message);
}

/// Reports progress in bytes; `note` is a few words.
pub fn report(done: u64, total: Option<u64>, note: Option<&str>) {
    progress::report(done, total, note);
}
