//! A limit on the time that something takes.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::{Cancel, Reason};
use crate::error::{Error, Result};

/// Cancels a run that takes too long, unless it is dropped before.
pub struct Deadline(#[allow(dead_code, reason = "dropping it is the signal")] Option<Sender<()>>);

impl Deadline {
    /// Counts from now on; without a limit there is none.
    pub fn start(limit: Option<Duration>, cancel: &Cancel) -> Result<Self> {
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
