//! Reading a file while it grows.

use std::os::unix::fs::FileExt;

use tokio::sync::watch;

use super::folder::blocking;
use crate::artifact::Growth;
use crate::error::{Error, Result};

/// A file that somebody appends to until its size is known to be final.
pub(super) struct Tail {
    source: Growth,
    /// Bytes that it has in the end, once known. Closed without: the run has failed.
    total: watch::Receiver<Option<u64>>,
    position: u64,
}

impl Tail {
    pub(super) fn new(source: Growth, total: watch::Receiver<Option<u64>>) -> Self {
        Self {
            source,
            total,
            position: 0,
        }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next `size` bytes, as soon as they are there; fewer at the end, and then none.
    pub(super) async fn next(&mut self, size: usize) -> Result<Vec<u8>> {
        let until = self.wait_for(self.position + size as u64).await?;
        let (file, position) = (self.source.file(), self.position);
        let length = (until - position) as usize;
        let piece = blocking(move || {
            let mut piece = vec![0; length];
            let read = file.read_exact_at(&mut piece, position);
            read.map_err(|error| {
                let message = "cannot read back the artifact that is being uploaded";
                Error::run("spool-unreadable", format!("{message}: {error}")).caused_by(error)
            })?;
            Ok(piece)
        });
        let piece = piece.await?;
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
                    // Nobody writes any more: how much of it counts is still to be said.
                    None => grows = false,
                },
                known = self.total.changed() => known.map_err(|_| given_up())?,
            }
        }
    }
}

/// The run failed: nothing of it is kept.
pub(super) fn given_up() -> Error {
    Error::run("upload-abandoned", "the run ended without an artifact")
}
