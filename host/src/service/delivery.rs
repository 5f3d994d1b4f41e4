//! A stored backup, piece by piece, for somebody who writes no file.

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use super::Service;
use super::catalogue::no_stores;
use crate::error::{Error, Result};
use crate::store::Backup;

/// An artifact on its way out of a store.
pub struct Delivery {
    /// What it is.
    pub backup: Backup,
    pieces: Receiver<Bytes>,
    reading: JoinHandle<Result<()>>,
}

impl Service {
    /// Starts to read a backup. Its last piece comes only when all of it is what the manifest says. A
    /// store that does not have it any more is followed by the next one that has. Waits for the network.
    pub fn deliver_stored(&self, which: &str) -> Result<Delivery> {
        let mut failed = None;
        for copy in self.copies(which)? {
            let opened = self.stores(Some(&copy.store))?.into_iter().next();
            let store = opened.ok_or_else(no_stores)?;
            match self.runtime()?.block_on(store.read(&copy.key, 0..u64::MAX)) {
                Ok(reading) => {
                    let (sender, pieces) = channel(1);
                    let backup = copy.clone();
                    let read = async move { store.pass_on(&backup, reading, sender).await };
                    return Ok(Delivery {
                        backup: copy,
                        pieces,
                        reading: self.runtime()?.spawn(read),
                    });
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(no_stores))
    }
}

impl Delivery {
    /// The next piece; none at the end, good or bad.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.pieces.recv().await
    }

    /// Whether that was all of it, and unaltered.
    pub async fn end(self) -> Result<()> {
        drop(self.pieces);
        self.reading.await.unwrap_or_else(|error| {
            Err(Error::run("internal", "a reader ended early").caused_by(error))
        })
    }
}
