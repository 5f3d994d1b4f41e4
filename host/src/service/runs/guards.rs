//! What ends with a run, however it ends.

use std::time::Duration;

pub(in crate::service) use crate::cancel::Deadline;
use crate::command;

/// Ends, when it is dropped, every process that a run has started and left behind.
pub(in crate::service) struct OrphanReaper;

impl Drop for OrphanReaper {
    fn drop(&mut self) {
        command::end_orphans(TERM_TIMEOUT);
    }
}

/// How long a leftover process has after it was asked to end.
const TERM_TIMEOUT: Duration = Duration::from_secs(2);
