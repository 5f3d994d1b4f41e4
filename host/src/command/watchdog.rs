//! Ends the commands of a sidecar that could not do so itself: one that was killed.
//!
//! The watchdog is this same program, started with a hidden argument. It reads from a pipe, which
//! only the sidecar can write, which process groups begin and end. The pipe ends with the sidecar,
//! however that dies; what is still running then is killed, daemons that left their group among it (they have a
//! mark), and what was entrusted to the watchdog is done.
//! (A death signal set on the child would need a fork of the whole sidecar for every command, and
//! would reach the shell but not what the shell started.)

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process_group, set_child_subreaper};

use parking_lot::{Mutex, MutexGuard};

use super::confine::{self, Rules};
use super::last_lines::LastLines;
use super::mark::ProcessMark;
use super::processes::{self, Process};

const ARGUMENT: &str = "--sidecar-watchdog";

/// The groups that run now, and the process that watches them.
struct Watched {
    groups: Vec<Pid>,
    /// What the watchdog has to do if this process is killed, by a number.
    entrusted: BTreeMap<u64, String>,
    watchdog: Option<Child>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched {
    groups: Vec::new(),
    entrusted: BTreeMap::new(),
    watchdog: None,
});

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock()
}

/// A group under watch, until this is dropped.
pub(super) struct Watch(Pid);

/// Starts a command that leads a group of its own, and watches that.
///
/// The first call makes orphans of commands our children, and starts the watchdog, without waiting
/// for it to be up: what is written to its pipe is read even after our death. No other thread sees the
/// child before it is known here: see [`known`].
pub(super) fn spawn(
    command: &mut Command,
    confined: Option<&Rules>,
) -> std::io::Result<(Child, Watch)> {
    let mut watched = watched();
    watched.begin();
    command.process_group(0);
    ProcessMark::own().set(command);
    let child = match confined {
        Some(rules) => confine::spawn(command, rules)?,
        None => command.spawn()?,
    };
    let group = Pid::from_child(&child);
    watched.groups.push(group);
    watched.tell(&began(group));
    Ok((child, Watch(group)))
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = watched();
        watched.groups.retain(|group| *group != self.0);
        watched.tell(&format!("-{}", self.0.as_raw_nonzero()));
    }
}

/// What the watchdog has to do, until this is dropped.
pub(super) struct Entrusted(u64);

/// Entrusts the watchdog with lines that have to run whatever happens.
pub(super) fn entrust(last: &LastLines) -> Entrusted {
    let text = serde_json::to_string(last).expect("words and paths are plain JSON");
    let mut watched = watched();
    watched.begin();
    let last = watched.entrusted.last_key_value();
    let number = last.map_or(0, |(number, _)| number + 1);
    watched.tell(&format!("!{number} {text}"));
    watched.entrusted.insert(number, text);
    Entrusted(number)
}

impl Drop for Entrusted {
    fn drop(&mut self) {
        let mut watched = watched();
        watched.entrusted.remove(&self.0);
        watched.tell(&format!(".{}", self.0));
    }
}

fn began(group: Pid) -> String {
    format!("+{}", group.as_raw_nonzero())
}

/// The leaders of the groups that run, and the watchdog. What was seen in /proc before this call,
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
    /// Starts the watchdog with the first that it has to watch.
    fn begin(&mut self) {
        if self.watchdog.is_none() {
            // Known since Linux 3.4, and it takes no rights.
            let _ = set_child_subreaper(Some(getpid()));
            self.start();
        }
    }

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
        let groups = self.groups.iter().map(|group| began(*group));
        let entrusted = self.entrusted.iter();
        let entrusted = entrusted.map(|(number, text)| format!("!{number} {text}"));
        let mark = std::iter::once(format!("={}", ProcessMark::own().as_str()));
        for message in mark.chain(groups).chain(entrusted).collect::<Vec<_>>() {
            self.write(&message);
        }
    }

    /// Starts the watchdog anew when it was killed.
    fn tell(&mut self, message: &str) {
        if self.watchdog.is_some() && !self.write(message) {
            if let Some(mut dead) = self.watchdog.take() {
                let _ = dead.wait();
            }
            self.start();
        }
    }

    fn write(&mut self, message: &str) -> bool {
        let pipe = self
            .watchdog
            .as_mut()
            .and_then(|child| child.stdin.as_mut());
        pipe.is_some_and(|pipe| pipe.write_all(format!("{message}\n").as_bytes()).is_ok())
    }
}

/// Reads which groups begin and end, and what it is entrusted with. At the end it kills what is left, and does that.
fn guard(input: impl BufRead) {
    // Away from the sidecar's group and terminal: what ends those must not end this.
    let _ = rustix::process::setsid();
    let mut groups = BTreeSet::new();
    let mut entrusted = BTreeMap::new();
    let mut mark = None;
    for line in input.lines().map_while(std::io::Result::ok) {
        let (sign, rest) = line.split_at_checked(1).unwrap_or_default();
        let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
        match (sign, number.parse::<i32>()) {
            ("=", _) => mark = Some(ProcessMark::of(number)),
            ("+", Ok(id)) => drop(groups.insert(id)),
            ("-", Ok(id)) => drop(groups.remove(&id)),
            ("!", Ok(number)) => drop(entrusted.insert(number, text.to_owned())),
            (".", Ok(number)) => drop(entrusted.remove(&number)),
            _ => {}
        }
    }
    let groups: Vec<Pid> = groups.into_iter().filter_map(Pid::from_raw).collect();
    let in_group = |group: Option<Pid>| group.is_some_and(|group| groups.contains(&group));
    let is_marked = |id: Pid| mark.as_ref().is_some_and(|mark| mark.is_on(id));
    let is_left = |process: &Process| in_group(process.group) || is_marked(process.id);
    processes::end(
        || processes::trees(&processes::all(), is_left),
        Duration::ZERO,
        || {
            for group in &groups {
                let _ = kill_process_group(*group, Signal::KILL);
            }
        },
    );
    for text in entrusted.values() {
        // A line that was cut off by the death is noted on the disk, for the next start.
        if let Ok(last) = serde_json::from_str::<LastLines>(text) {
            last.run();
        }
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
