//! Which process an owner of a lease is: on the same machine, its death and its silence can be seen
//! without any clock of the day.

use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::clock;

/// A process, and when it last wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnerProcess {
    /// Of the running kernel.
    boot: String,
    /// The namespace in which `pid` means something.
    pids: String,
    pid: i32,
    /// Clock ticks of the kernel: a number that is used again belongs to another process.
    started: u64,
    /// Seconds that the kernel had been up for when this was written.
    up: u64,
}

/// What this machine can tell about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerSign {
    /// It has ended.
    Gone,
    /// It has written nothing for at least so long.
    Silent(Duration),
    /// It runs on another machine, or did before this one was started.
    Elsewhere,
}

impl OwnerProcess {
    /// This one, now; none where the kernel does not say.
    pub(super) fn this() -> Option<Self> {
        static THIS: OnceLock<Option<OwnerProcess>> = OnceLock::new();
        let this = THIS.get_or_init(|| {
            let pid = getpid();
            Some(Self {
                boot: read("/proc/sys/kernel/random/boot_id")?,
                pids: fs::read_link("/proc/self/ns/pid")
                    .ok()?
                    .display()
                    .to_string(),
                pid: pid.as_raw_nonzero().get(),
                started: RunningProcess::of(pid)?.started,
                up: 0,
            })
        });
        let up = clock::monotonic().as_secs();
        this.clone().map(|this| Self { up, ..this })
    }

    /// Seconds that the kernel had been up for.
    pub(super) fn up(&self) -> u64 {
        self.up
    }

    /// Names the running kernel.
    pub(super) fn into_boot(self) -> String {
        self.boot
    }

    /// What is known of it here.
    pub(super) fn sign(&self) -> OwnerSign {
        let Some(here) = Self::this().filter(|here| here.boot == self.boot) else {
            return OwnerSign::Elsewhere;
        };
        if here.pids == self.pids && self.has_ended() {
            return OwnerSign::Gone;
        }
        match here.up.checked_sub(self.up) {
            // Both leave out parts of a second.
            Some(seconds) => OwnerSign::Silent(Duration::from_secs(seconds.saturating_sub(1))),
            // It counts from another moment.
            None => OwnerSign::Elsewhere,
        }
    }

    /// Asked by a signal that is not sent: other users' entries in `/proc` may be hidden.
    fn has_ended(&self) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return false;
        };
        match test_kill_process(pid) {
            Err(Errno::SRCH) => true,
            _ => RunningProcess::of(pid)
                .is_some_and(|found| found.is_dead || found.started != self.started),
        }
    }
}

/// What `/proc` says of a process.
struct RunningProcess {
    /// It has ended, and its parent has not asked how.
    is_dead: bool,
    started: u64,
}

impl RunningProcess {
    fn of(pid: Pid) -> Option<Self> {
        let stat = read(&format!("/proc/{}/stat", pid.as_raw_nonzero()))?;
        // The name, which may hold anything, ends at the last parenthesis.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        Some(Self {
            is_dead: matches!(state, "Z" | "X"),
            started: fields.nth(18)?.parse().ok()?,
        })
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
pub(super) mod tests {
    use super::*;

    /// A process that nothing can be known of here.
    pub(in crate::store) fn elsewhere() -> OwnerProcess {
        OwnerProcess {
            boot: "another".to_owned(),
            ..OwnerProcess::this().unwrap()
        }
    }

    #[test]
    fn a_process_that_ended_is_gone_and_one_that_lives_is_silent() {
        let this = OwnerProcess::this().unwrap();
        let silent = |process: &OwnerProcess| match process.sign() {
            OwnerSign::Silent(time) => time.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(silent(&this), 0);
        let paused = OwnerProcess {
            up: this.up - 10,
            ..this.clone()
        };
        assert!((9..=10).contains(&silent(&paused)));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = OwnerProcess {
            pid: child.id().try_into().unwrap(),
            ..this.clone()
        };
        child.wait().unwrap();
        assert_eq!(ended.sign(), OwnerSign::Gone);
        // The number is in use again.
        let reused = OwnerProcess {
            started: this.started - 1,
            ..this
        };
        assert_eq!(reused.sign(), OwnerSign::Gone);
        assert_eq!(elsewhere().sign(), OwnerSign::Elsewhere);
    }
}
