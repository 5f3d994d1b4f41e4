//! Lines that a sidecar which was killed has left to the watchdog.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::processes;
use super::shell::Shell;

/// Between two looks whether a line has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Lines, and how they run.
#[derive(Serialize, Deserialize)]
pub(super) struct LastLines {
    /// Each as a program and its arguments.
    lines: Vec<Vec<OsString>>,
    env: Vec<(OsString, OsString)>,
    workdir: PathBuf,
    /// For each line.
    limit: Duration,
    /// Removed when all have succeeded: nothing is owed any more.
    note: PathBuf,
}

impl LastLines {
    pub(super) fn new(
        shell: &Shell,
        lines: &[String],
        workdir: &Path,
        env: &[(OsString, OsString)],
        limit: Duration,
        note: PathBuf,
    ) -> Self {
        let words = |line: &String| {
            let command = shell.command(line);
            let program = std::iter::once(command.get_program());
            let words = program.chain(command.get_args());
            words.map(OsString::from).collect()
        };
        Self {
            lines: lines.iter().map(words).collect(),
            env: env.to_vec(),
            workdir: workdir.to_owned(),
            limit,
            note,
        }
    }

    /// Runs every line, also after one that failed. What fails stays noted: the next start runs it again.
    pub(super) fn run(&self) {
        let done: Vec<bool> = self
            .lines
            .iter()
            .map(|words| self.run_line(words))
            .collect();
        if done.into_iter().all(|done| done) {
            // If it stays, the lines are run once more.
            let _ = std::fs::remove_file(&self.note);
        }
    }

    /// Returns whether it succeeded.
    fn run_line(&self, words: &[OsString]) -> bool {
        let Some((program, arguments)) = words.split_first() else {
            return false;
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        let env = self.env.iter().map(|(name, value)| (name, value));
        command.envs(env).current_dir(&self.workdir);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let Ok(mut child) = command.stderr(Stdio::null()).process_group(0).spawn() else {
            return false;
        };
        let group = Pid::from_child(&child);
        let deadline = Instant::now() + self.limit;
        let succeeded = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status.success(),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_INTERVAL),
                _ => break false,
            }
        };
        let in_group = |process: &processes::Process| process.group == Some(group);
        let left = || processes::trees(&processes::all(), in_group);
        processes::end(left, Duration::ZERO, || {});
        succeeded
    }
}
