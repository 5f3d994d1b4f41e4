//! What has to run if the sidecar is killed: the watchdog runs it, once the commands of the sidecar are gone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::last_lines::LastLines;
use super::shell::Shell;
use super::watchdog::{self, Entrusted};

/// Lines that the watchdog runs if this process is killed before this is dropped.
pub struct AtDeath(#[allow(dead_code, reason = "dropping it takes the lines back")] Entrusted);

impl AtDeath {
    /// The lines are run in their order, each for `limit` at most; if all succeed, the file `note` is removed.
    pub fn new(
        shell: &Shell,
        lines: &[String],
        workdir: &Path,
        env: &[(OsString, OsString)],
        limit: Duration,
        note: PathBuf,
    ) -> Self {
        let last = LastLines::new(shell, lines, workdir, env, limit, note);
        Self(watchdog::entrust(&last))
    }
}
