//! Ends what the run's own thread waits for in the system when the run is cancelled: a module that
//! opens a FIFO through WASI waits there until a process writes it, and no epoch reaches it.

use std::marker::PhantomData;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Once};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};

use crate::cancel::{Cancel, poll};
use crate::error::{Error, Result};

/// A signal that is ignored by a process without a handler for it.
const SIGNAL: libc::c_int = libc::SIGURG;
/// Between two attempts: one may come just before the call that it is meant for.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// As long as this lives, cancelling the run makes the thread's system calls fail with EINTR.
pub(super) struct Interrupt {
    ended: Arc<OwnedFd>,
    watcher: Option<JoinHandle<()>>,
    /// Dropped on the thread that it is for, which is alive until then.
    _not_send: PhantomData<*const ()>,
}

impl Interrupt {
    /// For the calling thread.
    pub(super) fn this_thread(cancel: &Cancel) -> Result<Self> {
        install();
        let ended = eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| failed(&error))?;
        let ended = Arc::new(ended);
        let (watched, cancel) = (Arc::clone(&ended), cancel.clone());
        // SAFETY: it has no conditions.
        #[allow(unsafe_code, reason = "only pthreads name another thread")]
        let thread = unsafe { libc::pthread_self() };
        let watcher = Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || watch(thread, &watched, &cancel))
            .map_err(|error| failed(&error))?;
        Ok(Self {
            ended,
            watcher: Some(watcher),
            _not_send: PhantomData,
        })
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        // Adding one to a counter of zero always fits; the watcher ends then.
        let _ = rustix::io::write(&self.ended, &1_u64.to_ne_bytes());
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

/// Waits for the run to be cancelled or to end, and from then on interrupts until it has ended.
fn watch(thread: libc::pthread_t, ended: &OwnedFd, cancel: &Cancel) {
    let ended = || PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN);
    let mut either = [
        ended(),
        PollFd::from_borrowed_fd(cancel.fd(), PollFlags::IN),
    ];
    let mut waited = poll(&mut either, None);
    while waited.is_ok() && cancel.is_cancelled() && either[0].revents().is_empty() {
        // SAFETY: the thread waits for this one to end before it ends itself.
        #[allow(unsafe_code, reason = "only pthreads signal another thread")]
        unsafe {
            libc::pthread_kill(thread, SIGNAL);
        }
        waited = poll(&mut either[..1], Some(Instant::now() + RETRY_INTERVAL));
    }
}

/// Catches the signal, without anything to do: it is only to be caught.
fn install() {
    extern "C" fn nothing(_: libc::c_int) {}
    static ONCE: Once = Once::new();
    // SAFETY: a zeroed action is one without flags; the handler touches nothing at all. Without
    // SA_RESTART, calls that wait fail with EINTR.
    #[allow(unsafe_code, reason = "signal crates set SA_RESTART")]
    ONCE.call_once(|| unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigaction(SIGNAL, &action, std::ptr::null_mut());
    });
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::run("no-thread", format!("cannot watch over the run: {error}"))
}
