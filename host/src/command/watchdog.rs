//! Ends the commands of a sidecar that could not do so itself: one that was killed.
//!
//! The watchdog is this same program, started with a hidden argument. It reads from a pipe, which
//! only the sidecar can write, which process groups begin and end. The pipe ends with the sidecar,
//! however that dies; what is still running then is killed.
//! (A death signal set on the child would need a fork of the whole sidecar for every command, and
//! would reach the shell but not what the shell started.)

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, getpid, set_child_subreaper};

use super::processes;

const ARGUMENT: &str = "--sidecar-watchdog";

/// The groups that run now, and who watches them.
struct Watched {
    groups: Vec<Pid>,
    watchdog: Option<Child>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched {
    groups: Vec::new(),
    watchdog: None,
});

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group under watch, until this is dropped.
pub(super) struct Watch(Pid);

/// Starts a command that leads a group of its own, and watches that.
///
/// The first call makes orphans of commands our children, and starts the watchdog, without waiting
/// for it to be up: what is written to its pipe is read even after our death. Nobody sees the
/// child before it is known here: see [`known`].
pub(super) fn spawn(command: &mut Command) -> std::io::Result<(Child, Watch)> {
    let mut watched = watched();
    if watched.watchdog.is_none() {
        // Known since Linux 3.4, and it takes no rights.
        let _ = set_child_subreaper(Some(getpid()));
        watched.start();
    }
    let child = command.process_group(0).spawn()?;
    let group = Pid::from_child(&child);
    watched.groups.push(group);
    watched.tell('+', group);
    Ok((child, Watch(group)))
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = watched();
        watched.groups.retain(|group| *group != self.0);
        watched.tell('-', self.0);
    }
}

/// The leaders of the groups that run, and the watchdog. Whoever was seen in /proc before this call,
/// and is one of them, is among them.
pub(super) fn known() -> (Vec<Pid>, Option<Pid>) {
    let watched = watched();
    let watchdog = watched.watchdog.as_ref().map(Pid::from_child);
    (watched.groups.clone(), watchdog)
}

/// Ends the watchdog, so that not even a moment of it outlives the sidecar: the last thing in `main`.
/// Commands that still run are not watched any more.
pub fn dismiss() {
    let child = watched().watchdog.take();
    if let Some(mut child) = child {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Becomes the watchdog if this process was started as one, and then does not return.
/// The first thing in `main`, before threads, arguments and logs.
pub fn main_if_asked() {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == ARGUMENT)
    {
        guard(std::io::stdin().lock());
        std::process::exit(0);
    }
}

impl Watched {
    fn start(&mut self) {
        let mut command = Command::new("/proc/self/exe");
        command.args(arguments()).env_clear().current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.watchdog = command
            .spawn()
            .inspect_err(|error| {
                tracing::warn!("commands would survive if the sidecar is killed: cannot start the watchdog: {error}");
            })
            .ok();
        let groups = self.groups.clone();
        for group in groups {
            self.write('+', group);
        }
    }

    /// Starts the watchdog anew when somebody killed it.
    fn tell(&mut self, sign: char, group: Pid) {
        if self.watchdog.is_some() && !self.write(sign, group) {
            if let Some(mut dead) = self.watchdog.take() {
                let _ = dead.wait();
            }
            self.start();
        }
    }

    fn write(&mut self, sign: char, group: Pid) -> bool {
        let pipe = self
            .watchdog
            .as_mut()
            .and_then(|child| child.stdin.as_mut());
        pipe.is_some_and(|pipe| {
            pipe.write_all(format!("{sign}{}\n", group.as_raw_nonzero()).as_bytes())
                .is_ok()
        })
    }
}

/// Reads who begins and ends, and kills what is left at the end.
fn guard(input: impl BufRead) {
    // Away from the sidecar's group and terminal: what ends those must not end this.
    let _ = rustix::process::setsid();
    let mut groups = BTreeSet::new();
    for line in input.lines().map_while(std::io::Result::ok) {
        match (
            line.get(..1),
            line.get(1..).and_then(|id| id.parse::<i32>().ok()),
        ) {
            (Some("+"), Some(id)) => groups.insert(id),
            (Some("-"), Some(id)) => groups.remove(&id),
            _ => false,
        };
    }
    let groups: Vec<Pid> = groups.into_iter().filter_map(Pid::from_raw).collect();
    let in_group = |group: Option<Pid>| group.is_some_and(|group| groups.contains(&group));
    if !groups.is_empty() {
        let left = || processes::trees(&processes::all(), |process| in_group(process.group));
        processes::end(left, Duration::ZERO);
    }
}

#[cfg(not(test))]
fn arguments() -> [&'static str; 1] {
    [ARGUMENT]
}

/// A test program has no `main` of ours: it reaches [`guard`] through a test of that name.
#[cfg(test)]
fn arguments() -> [&'static str; 4] {
    [
        "command::watchdog::tests::watchdog",
        "--exact",
        "--nocapture",
        "--ignored",
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "not a test: the watchdog of the other tests"]
    fn watchdog() {
        guard(std::io::stdin().lock());
    }
}
