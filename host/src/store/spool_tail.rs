//! Reading the spool file of a run while it grows.

use tokio::sync::watch;

use super::error::StoreFailure;
use super::spool_range::SpoolRange;
use crate::artifact::SpoolReader;
use crate::error::{Error, Result};

/// The spool file, which the run appends to until it says how many bytes count.
pub(super) struct SpoolTail {
    source: SpoolReader,
    /// Bytes that it has in the end, once known. Closed without: the run has failed.
    total: watch::Receiver<Option<u64>>,
    position: u64,
}

impl SpoolTail {
    pub(super) fn new(source: SpoolReader, total: watch::Receiver<Option<u64>>) -> Self {
        Self {
            source,
            total,
            position: 0,
        }
    }

    /// Bytes given out so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next `size` bytes, as soon as they are there; fewer at the end, and then none.
    pub(super) async fn next(&mut self, size: u64) -> Result<SpoolRange> {
        let until = self.wait_for(self.position + size).await?;
        let piece = SpoolRange::new(self.source.file(), self.position, until - self.position);
        self.position = until;
        Ok(piece)
    }

    /// Up to where it can be read, at most `target`; less only at the end.
    async fn wait_for(&mut self, target: u64) -> Result<u64> {
        let mut grows = true;
        loop {
            if let Some(total) = *self.total.borrow_and_update() {
                return Ok(total.min(target));
            }
            tokio::select! {
                more = self.source.beyond(target - 1), if grows => match more {
                    Some(_) => return Ok(target),
                    // The run writes no more: how much of it counts is still to be said.
                    None => grows = false,
                },
                known = self.total.changed() => known.map_err(|_| abandoned())?,
            }
        }
    }
}

/// The error of an upload whose run failed.
pub(super) fn abandoned() -> Error {
    StoreFailure::UploadAbandoned.error("the run ended without an artifact")
}
