//! SIGINT and SIGTERM cancel a run cleanly.

use std::process::ExitCode;
use std::sync::OnceLock;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Result};

/// The first signal that was received.
static FIRST_SIGNAL: OnceLock<u8> = OnceLock::new();

/// The signals that ask a program to end.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts to watch, in this thread's event loop.
    pub(super) fn watch() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Reason {
        let (number, reason) = tokio::select! {
            _ = self.interrupt.recv() => (2, Reason::Interrupted),
            _ = self.terminate.recv() => (15, Reason::ShuttingDown),
        };
        FIRST_SIGNAL.get_or_init(|| number);
        reason
    }
}

/// Cancels `cancel` at the first signal; a second one changes nothing.
pub(super) fn cancel_on_signal(cancel: &Cancel) -> Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(failed)?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::watch()?
    };
    let cancel = cancel.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || cancel.cancel(runtime.block_on(signals.next())))
        .map(drop)
        .map_err(failed)
}

/// The exit status of a program that a signal ended, if one did.
pub(super) fn status() -> Option<u8> {
    FIRST_SIGNAL.get().map(|number| 128 + number)
}

/// The same, for the end of `main`.
pub(super) fn exit_code() -> Option<ExitCode> {
    status().map(ExitCode::from)
}

pub(super) fn failed(error: std::io::Error) -> Error {
    Error::run("no-signals", format!("cannot watch for signals: {error}"))
}
