//! Stopping a run: one flag that everything which computes can ask, and everything which waits can wait on.

mod deadline;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd};
use tokio::sync::Notify;

use crate::error::{Error, Kind, Result};

pub use deadline::Deadline;

/// Why a run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A user asked for it.
    Requested,
    /// It took longer than this limit.
    TimedOut(Duration),
    /// It has written more than this limit.
    DiskLimit(u64),
    /// The server is going down.
    ShuttingDown,
    /// A signal (Ctrl-C, SIGTERM) reached a single run on the command line.
    Interrupted,
}

impl Reason {
    /// What the run that was stopped answers.
    pub fn error(self) -> Error {
        match self {
            Reason::Requested => Error::new(Kind::Cancelled, "cancelled", "the run was cancelled"),
            Reason::TimedOut(limit) => Error::run(
                "timed-out",
                format!(
                    "the run took longer than {} and was stopped",
                    in_units(limit)
                ),
            )
            .hint(
                "see in the log what it was doing; if it only needs more time, raise `strategy.timeout` \
                 (or the module's `limits.timeout`)",
            ),
            Reason::DiskLimit(limit) => Error::run(
                "disk-limit",
                format!("the run wrote more than the {limit} bytes that it may, and was stopped"),
            ),
            Reason::ShuttingDown => Error::new(
                Kind::ShuttingDown,
                "shutting-down",
                "the run was stopped because the sidecar is shutting down",
            )
            .hint("start it again once the sidecar is back"),
            Reason::Interrupted => Error::new(
                Kind::Cancelled,
                "interrupted",
                "the run was interrupted by a signal",
            ),
        }
    }
}

/// A flag that goes up once and stays up. Clones share it.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug)]
struct Flag {
    reason: OnceLock<Reason>,
    /// Readable for ever once cancelled: it is written once and never read.
    event: OwnedFd,
    /// For tasks that wait in an event loop.
    waiting: Notify,
    /// What goes up with it.
    along: Mutex<Vec<Cancel>>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// A flag that is down.
    ///
    /// # Panics
    /// When the process has no file descriptor left.
    pub fn new() -> Self {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .expect("an eventfd fails only when file descriptors have run out");
        Self(Arc::new(Flag {
            reason: OnceLock::new(),
            event,
            waiting: Notify::new(),
            along: Mutex::default(),
        }))
    }

    /// From now on `other` is cancelled with this one, for the same reason; not the reverse.
    pub fn takes_along(&self, other: &Self) {
        let mut along = self.0.along.lock();
        along.push(other.clone());
        if let Some(reason) = self.reason() {
            other.cancel(reason);
        }
    }

    /// Stops all that look at it. Only the first reason counts.
    pub fn cancel(&self, reason: Reason) {
        if self.0.reason.set(reason).is_ok() {
            // Adding one to a counter of zero always fits.
            let _ = rustix::io::write(&self.0.event, &1u64.to_ne_bytes());
            self.0.waiting.notify_waiters();
            let along = self.0.along.lock();
            along.iter().for_each(|other| other.cancel(reason));
        }
    }

    /// Why it was cancelled, if it was.
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason.get().copied()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.reason.get().is_some()
    }

    /// Becomes readable, for ever, once it was cancelled. Only to be polled, never read.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }

    /// Ends once it was cancelled.
    pub async fn cancelled(&self) {
        // Listening starts before looking, so that nothing falls in between.
        let woken = self.0.waiting.notified();
        if !self.is_cancelled() {
            woken.await;
        }
    }

    /// What a cancelled run answers.
    pub fn error(&self) -> Error {
        self.reason().unwrap_or(Reason::Requested).error()
    }

    /// Fails once it was cancelled.
    pub fn check(&self) -> Result<()> {
        match self.reason() {
            Some(reason) => Err(reason.error()),
            None => Ok(()),
        }
    }
}

/// Waits until `fd` can be read or has ended; fails at once when cancelled.
pub fn wait_readable(fd: impl AsFd, cancel: &Cancel) -> Result<()> {
    wait(fd.as_fd(), PollFlags::IN, cancel)
}

/// Waits until `fd` can be written or has no reader left; fails at once when cancelled.
pub fn wait_writable(fd: impl AsFd, cancel: &Cancel) -> Result<()> {
    wait(fd.as_fd(), PollFlags::OUT, cancel)
}

/// Lets `duration` pass; fails at once when cancelled.
pub fn wait_timeout(duration: Duration, cancel: &Cancel) -> Result<()> {
    let mut fds = [PollFd::from_borrowed_fd(cancel.fd(), PollFlags::IN)];
    poll(&mut fds, Some(Instant::now() + duration))?;
    cancel.check()
}

fn wait(fd: BorrowedFd<'_>, events: PollFlags, cancel: &Cancel) -> Result<()> {
    let mut fds = [
        PollFd::from_borrowed_fd(cancel.fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(fd, events),
    ];
    poll(&mut fds, None)?;
    cancel.check()
}

/// `poll(2)` that goes on after a signal. Returns whether anything happened before `deadline`.
pub(crate) fn poll(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> Result<bool> {
    loop {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match rustix::event::poll(fds, left.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                return Err(
                    Error::run("io", format!("cannot wait for a pipe: {error}")).caused_by(error)
                );
            }
        }
    }
}

/// "2h", "1h 30m", "45s": as a configuration would write it.
fn in_units(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let units: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n}{unit}"))
        .collect();
    if units.is_empty() {
        format!("{}ms", duration.as_millis())
    } else {
        units.join(" ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_first_reason_wins() {
        let cancel = Cancel::new();
        assert_eq!(cancel.reason(), None);
        assert!(cancel.check().is_ok());
        let shared = cancel.clone();
        shared.cancel(Reason::TimedOut(Duration::from_secs(5400)));
        shared.cancel(Reason::Requested);
        assert!(cancel.is_cancelled());
        let error = cancel.error();
        assert_eq!((error.kind(), error.code()), (Kind::Run, "timed-out"));
        assert!(error.message().contains("1h 30m"), "{error}");
        assert!(error.hint_text().unwrap().contains("`strategy.timeout`"));
    }

    #[test]
    fn what_is_taken_along_stops_with_it_and_not_the_reverse() {
        let (set, first, late) = (Cancel::new(), Cancel::new(), Cancel::new());
        set.takes_along(&first);
        first.cancel(Reason::Requested);
        assert!(!set.is_cancelled());
        set.cancel(Reason::ShuttingDown);
        set.takes_along(&late);
        let reasons = [first.reason(), late.reason()];
        assert_eq!(
            reasons,
            [Some(Reason::Requested), Some(Reason::ShuttingDown)]
        );
    }

    #[test]
    fn each_reason_has_its_error() {
        let of = |reason: Reason| (reason.error().kind(), reason.error().code().to_owned());
        assert_eq!(
            of(Reason::Requested),
            (Kind::Cancelled, "cancelled".to_owned())
        );
        assert_eq!(
            of(Reason::ShuttingDown),
            (Kind::ShuttingDown, "shutting-down".to_owned())
        );
        assert_eq!(
            of(Reason::Interrupted),
            (Kind::Cancelled, "interrupted".to_owned())
        );
    }

    #[test]
    fn waits_end_when_there_is_something_or_when_cancelled() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let cancel = Cancel::new();
        wait_writable(&write, &cancel).unwrap();
        rustix::io::write(&write, b"x").unwrap();
        wait_readable(&read, &cancel).unwrap();
        wait_timeout(Duration::from_millis(1), &cancel).unwrap();

        rustix::io::read(&read, &mut [0u8; 1]).unwrap();
        let waiting = cancel.clone();
        let waiter = std::thread::spawn(move || wait_readable(&read, &waiting));
        cancel.cancel(Reason::Requested);
        assert_eq!(waiter.join().unwrap().unwrap_err().code(), "cancelled");
        // It stays up: a later wait of any length ends at once.
        let error = wait_timeout(Duration::from_secs(3600), &cancel).unwrap_err();
        assert_eq!(error.code(), "cancelled");
    }
}
