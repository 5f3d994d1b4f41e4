//! A command's process group, from its start to its last process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpgid, getpid, kill_process_group, pidfd_open,
    test_kill_process_group, waitpgid,
};

use super::confine::Rules;
use super::processes::{self, Process};
use super::watchdog::{self, Watch};

/// What a shell leaves behind may be about to end by itself (`tee >(sha256sum > sum)`): time for that.
const BACKGROUND_TIMEOUT: Duration = Duration::from_millis(500);
/// Between SIGTERM and SIGKILL.
pub(super) const TERMINATE_TIMEOUT: Duration = Duration::from_secs(2);

/// A running command. Whatever happens to this value, nothing of the group is left after it.
///
/// The leader is collected last: as long as it is not, no other group can get its id.
pub(super) struct Group {
    leader: Child,
    id: Pid,
    exited: OwnedFd,
    done: bool,
    _watch: Watch,
}

impl Group {
    pub(super) fn start(command: &mut Command, confined: Option<&Rules>) -> io::Result<Group> {
        // Without code between fork and exec, this is a posix_spawn: its price does not grow with ours.
        let (mut leader, watch) = watchdog::spawn(command, confined)?;
        let id = Pid::from_child(&leader);
        let exited = pidfd_open(id, PidfdFlags::empty()).inspect_err(|_| {
            let _ = kill_process_group(id, Signal::KILL);
            let _ = leader.wait();
        })?;
        Ok(Group {
            leader,
            id,
            exited,
            done: false,
            _watch: watch,
        })
    }

    /// Becomes readable when the shell has exited.
    pub(super) fn exited(&self) -> BorrowedFd<'_> {
        self.exited.as_fd()
    }

    /// How the shell ended, once it has. What it left in its group gets a moment to end, and is
    /// then ended. Returns also whether there was something to end.
    pub(super) fn finish(mut self) -> io::Result<(ExitStatus, bool)> {
        let status = self.leader.wait()?;
        self.done = true;
        let mut left = self.has_members();
        if left {
            processes::wait_gone(&self.members(), BACKGROUND_TIMEOUT);
            left = self.has_members();
        }
        if left {
            processes::end(
                || self.members(),
                TERMINATE_TIMEOUT,
                || {
                    // Not one that has got its id since.
                    if self.has_members() {
                        self.kill_all();
                    }
                },
            );
        }
        Ok((status, left))
    }

    /// Ends the group, and everything else that this process's commands started and that left its
    /// group (`setsid`, a daemon): SIGTERM, and SIGKILL after `timeout`.
    pub(super) fn terminate(mut self, timeout: Duration) {
        self.kill(timeout);
    }

    fn kill(&mut self, timeout: Duration) {
        self.done = true;
        let gone = end_orphans_except(Some(self.id), timeout);
        // For a system that hides /proc.
        self.kill_all();
        if gone {
            let _ = self.leader.wait();
        } else {
            tracing::error!(
                "processes of a command cannot be killed: they run as another user, or the kernel holds them on a dead disk"
            );
            let _ = self.leader.try_wait();
        }
        self.has_members();
    }

    fn kill_all(&self) {
        let _ = kill_process_group(self.id, Signal::KILL);
    }

    /// Collects those of the group that are our children and have ended; whether others are left.
    fn has_members(&self) -> bool {
        while let Ok(Some(_)) = waitpgid(self.id, WaitOptions::NOHANG) {}
        test_kill_process_group(self.id) != Err(Errno::SRCH)
    }

    fn members(&self) -> Vec<Process> {
        let mut all = processes::all();
        all.retain(|process| process.group == Some(self.id));
        all
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.done {
            self.kill(Duration::ZERO);
        }
    }
}

/// Ends what earlier commands left behind on purpose (daemons that a `pre` command started):
/// SIGTERM, and SIGKILL after `timeout`. For the end of a run, when no command of it runs.
pub fn end_orphans(timeout: Duration) {
    if !only_known_children() {
        end_orphans_except(None, timeout);
    }
}

/// The processes that commands of this process have started, and that have not ended.
pub fn running() -> Vec<Pid> {
    let (_, watchdog) = watchdog::known();
    let started = processes::trees(&processes::all(), |process| {
        process.parent == Some(getpid()) && Some(process.id) != watchdog
    });
    started
        .iter()
        .filter(|process| !process.ended)
        .map(|process| process.id)
        .collect()
}

/// Whether all that is ours is the watchdog and commands that still run: what outlives its parent
/// comes to us.
fn only_known_children() -> bool {
    let Some(children) = processes::children() else {
        return false;
    };
    let (leaders, watchdog) = watchdog::known();
    children
        .iter()
        .all(|child| Some(*child) == watchdog || leaders.contains(child))
}

/// All below us but the groups of other running commands, the watchdog, and what stands in our own
/// group (only this module puts children into other groups).
fn end_orphans_except(own: Option<Pid>, timeout: Duration) -> bool {
    let ours = Process::read(getpid()).and_then(|own| own.group);
    let group_of = |child: Pid| match ours {
        Some(_) => getpgid(Some(child)).ok(),
        // Ours is one of another name space, as that of what stands in it: the system has no number for it here.
        None => Process::read(child).and_then(|child| child.group),
    };
    let select = || {
        let all = processes::all();
        let (leaders, watchdog) = watchdog::known();
        let mut left = processes::trees(&all, |process| {
            process.parent == Some(getpid())
                && process.group != ours
                && Some(process.id) != watchdog
                && (process.group == own
                    || !process.group.is_some_and(|group| leaders.contains(&group)))
        });
        // A leader is collected by its own `Group`.
        left.retain(|process| !(process.ended && leaders.contains(&process.id)));
        left
    };
    let strike = || {
        if let Some(own) = own {
            let _ = kill_process_group(own, Signal::KILL);
        }
        // What is known is asked for each child: a command is known before any other thread finds it in a list.
        processes::strike_children(|child| {
            let (leaders, watchdog) = watchdog::known();
            let group = group_of(child);
            Some(child) == watchdog
                || leaders.contains(&child)
                || group == ours
                || (group != own && group.is_some_and(|group| leaders.contains(&group)))
        });
    };
    processes::end(select, timeout, strike)
}
