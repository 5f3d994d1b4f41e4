//! What ends with a run, however it ends.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::cancel::{Cancel, Reason};
use crate::command;
use crate::error::{Error, Result};

/// Whatever a run started and left behind ends with it, however it ends.
pub(super) struct Strays;

impl Drop for Strays {
    fn drop(&mut self) {
        command::end_strays(GRACE);
    }
}

/// Between asking a leftover process to end and ending it.
const GRACE: Duration = Duration::from_secs(2);

/// Cancels a run that takes too long, unless it is dropped before.
pub(super) struct Deadline(
    #[allow(dead_code, reason = "dropping it is the signal")] Option<Sender<()>>,
);

impl Deadline {
    pub(super) fn start(limit: Option<Duration>, cancel: &Cancel) -> Result<Self> {
        let Some(limit) = limit else {
            return Ok(Self(None));
        };
        let (alive, ended) = channel();
        let cancel = cancel.clone();
        std::thread::Builder::new()
            .name("deadline".to_owned())
            .spawn(move || {
                if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    cancel.cancel(Reason::TimedOut(limit));
                }
            })
            .map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the deadline's thread: {error}"),
                )
            })?;
        Ok(Self(Some(alive)))
    }
}
