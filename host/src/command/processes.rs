//! What the system knows of processes, and how to end some of them for good.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open, pidfd_send_signal,
    waitpid,
};

use crate::cancel;

/// After SIGKILL only a process that the kernel itself holds (a dead network disk) stays: give up then.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How often children are killed before all processes are looked at.
const STRIKES: usize = 500;

/// How often the list of our children is looked at, as long as it changes meanwhile.
const LIST_ATTEMPTS: usize = 8;

/// A process at the moment it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: Pid,
    pub(super) parent: Option<Pid>,
    pub(super) group: Option<Pid>,
    /// It has ended; only its parent has not asked how.
    pub(super) ended: bool,
    /// Clock ticks since boot: with the id, this names a process for ever.
    started: u64,
}

impl Process {
    pub(super) fn read(id: Pid) -> Option<Process> {
        let stat = std::fs::read(format!("/proc/{}/stat", id.as_raw_nonzero())).ok()?;
        Self::parse(id, &String::from_utf8_lossy(&stat))
    }

    /// `PID (NAME) STATE PPID PGRP …`, where NAME may hold anything, parentheses too.
    fn parse(id: Pid, stat: &str) -> Option<Process> {
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        // 0: of another container; -1: of a process that the system is just taking away.
        let pid = |at: usize| {
            let raw: i32 = fields.get(at)?.parse().ok()?;
            Some(Pid::from_raw(raw.max(0)))
        };
        // A first thread that has ended looks the same, but others still run.
        let threads: u32 = fields.get(17)?.parse().ok()?;
        Some(Process {
            id,
            ended: matches!(*fields.first()?, "Z" | "X") && threads <= 1,
            parent: pid(1)?,
            group: pid(2)?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// A handle on just this process: none if it is gone, even if another one has its id now.
    fn open(&self) -> Option<OwnedFd> {
        let handle = pidfd_open(self.id, PidfdFlags::empty()).ok()?;
        Self::read(self.id)
            .is_some_and(|now| now.started == self.started)
            .then_some(handle)
    }

    fn signal(&self, signals: &[Signal]) {
        if let Some(handle) = self.open() {
            for &signal in signals {
                // It may just have ended, or run as another user: whether it is gone is looked at later.
                let _ = pidfd_send_signal(&handle, signal);
            }
        }
    }
}

/// Every process that can be seen.
pub(super) fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id: i32| Process::read(Pid::from_raw(id)?))
        .collect()
}

/// Our own children, orphans of our commands among them; none where the system does not list them.
/// Only this process takes a child off the list, so none is missed. On a machine with many processes
/// this takes a hundredth of the time of [`all`].
pub(super) fn children() -> Option<Vec<Pid>> {
    // A thread that has just ended left its children to another one: all of it again. A run's own
    // threads end one after the other, just when this is asked.
    (0..LIST_ATTEMPTS).find_map(|_| children_now())
}

fn children_now() -> Option<Vec<Pid>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let list = thread.ok()?.path().join("children");
        let list = std::fs::read_to_string(list).ok()?;
        let ids = list.split_whitespace().filter_map(|id| id.parse().ok());
        children.extend(ids.filter_map(Pid::from_raw));
    }
    Some(children)
}

/// Kills and collects our children that `is_spared` does not name, as long as there are any: in a few microseconds
/// from the list to the signal. Until it is collected, no other process gets a child's id.
pub(super) fn strike_children(is_spared: impl Fn(Pid) -> bool) {
    for _ in 0..STRIKES {
        let children = children().unwrap_or_default();
        let mut struck = false;
        for child in children.into_iter().filter(|child| !is_spared(*child)) {
            struck = true;
            let _ = kill_process(child, Signal::KILL);
            let _ = waitpid(Some(child), WaitOptions::NOHANG);
        }
        if !struck {
            return;
        }
    }
}

/// Those of `all` that `is_root` names, and all that they started.
pub(super) fn trees(all: &[Process], is_root: impl Fn(&Process) -> bool) -> Vec<Process> {
    let mut found: Vec<Process> = all.iter().copied().filter(is_root).collect();
    let mut next = 0;
    while next < found.len() {
        let parent = Some(found[next].id);
        next += 1;
        for process in all.iter().filter(|process| process.parent == parent) {
            if !found.iter().any(|known| known.id == process.id) {
                found.push(*process);
            }
        }
    }
    found
}

/// Waits until all of them have ended, `limit` at most.
pub(super) fn wait_gone(processes: &[Process], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut handles: Vec<OwnedFd> = processes
        .iter()
        .filter(|process| !process.ended)
        .filter_map(Process::open)
        .collect();
    while !handles.is_empty() {
        let mut fds: Vec<PollFd<'_>> = handles
            .iter()
            .map(|handle| PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN))
            .collect();
        if !matches!(cancel::poll(&mut fds, Some(deadline)), Ok(true)) {
            return false;
        }
        let ended: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ended = ended.into_iter();
        handles.retain(|_| !ended.next().unwrap_or(false));
    }
    true
}

/// Ends all that `select` finds: SIGTERM, then, to what is left after `timeout`, SIGKILL, until it
/// finds nothing any more. Collects those that are our own children. Returns whether all are gone.
///
/// A process that forks and ends, over and over, may have ended whenever it is signalled from a list that takes long
/// to make: `strike` goes first, by a way that is faster or takes all at once. Each of its lives stays as a child
/// of ours until it is collected: so one is left as long as any is found, even if all that is found has ended.
pub(super) fn end(select: impl Fn() -> Vec<Process>, timeout: Duration, strike: impl Fn()) -> bool {
    if !timeout.is_zero() {
        let asked = select();
        for process in asked.iter().filter(|process| !process.ended) {
            // A stopped one hears the SIGTERM only once it goes on.
            process.signal(&[Signal::TERM, Signal::CONT]);
        }
        wait_gone(&asked, timeout);
    }
    let deadline = Instant::now() + KILL_TIMEOUT;
    loop {
        strike();
        let left = select();
        let mut collected = false;
        for process in left.iter().filter(|process| process.ended) {
            if process.parent == Some(getpid()) {
                let status = waitpid(Some(process.id), WaitOptions::NOHANG);
                collected |= matches!(status, Ok(Some(_)));
            }
        }
        let alive: Vec<Process> = left.into_iter().filter(|process| !process.ended).collect();
        if alive.is_empty() && !collected {
            return true;
        }
        let Some(limit) = deadline.checked_duration_since(Instant::now()) else {
            return false;
        };
        for process in &alive {
            process.signal(&[Signal::KILL]);
        }
        wait_gone(&alive, limit);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "42 (a) Z 1 (b) S 7 40 40 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0";
        let process = Process::parse(Pid::from_raw(42).unwrap(), stat).unwrap();
        assert_eq!(
            (process.parent, process.group),
            (Pid::from_raw(7), Pid::from_raw(40))
        );
        assert_eq!((process.ended, process.started), (false, 987_654));
    }

    #[test]
    fn the_parent_of_a_container_is_none() {
        let stat = "9 (sh) Z 0 0 0 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0";
        let process = Process::parse(Pid::from_raw(9).unwrap(), stat).unwrap();
        assert_eq!(
            (process.parent, process.group, process.ended),
            (None, None, true)
        );
    }

    #[test]
    fn a_process_that_is_being_taken_away_has_no_group() {
        let stat = "9 (sh) X 0 -1 -1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 0 0 5 0 0";
        let process = Process::parse(Pid::from_raw(9).unwrap(), stat).unwrap();
        assert_eq!((process.group, process.ended), (None, true));
    }

    #[test]
    fn a_process_lives_as_long_as_its_threads() {
        let stat = "9 (java) Z 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 3 0 5 0 0";
        assert!(
            !Process::parse(Pid::from_raw(9).unwrap(), stat)
                .unwrap()
                .ended
        );
    }

    #[test]
    fn we_are_among_all() {
        assert!(
            all()
                .iter()
                .any(|process| process.id == getpid() && !process.ended)
        );
    }
}
