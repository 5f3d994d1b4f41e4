//! Tests that cannot run on this machine say so: in the run's output and in `tests/run`'s summary.

use std::io::Write as _;

/// Notes that `test` did not run, and why.
pub(crate) fn skip(test: &str, why: &str) {
    eprintln!("skipped: {test}: {why}");
    if let Some(list) = std::env::var_os("SIDECAR_TEST_SKIPS") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(list)
            .unwrap();
        writeln!(file, "{test}: {why}").unwrap();
    }
}
