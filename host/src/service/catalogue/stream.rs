//! A stored backup, piece by piece, for a client of the API.

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use super::list::readable_copies;
use super::stored_bytes::StoredBytes;
use super::stores::{no_stores, open};
use super::verdicts;
use crate::error::{Error, Result};
use crate::service::context::Context;
use crate::store::StoredBackup;

/// An artifact on its way out of a store.
pub struct BackupStream {
    /// What it is.
    pub backup: StoredBackup,
    pieces: Receiver<Bytes>,
    reading: JoinHandle<Result<()>>,
}

/// Starts to read a backup. Its last piece comes only when all of it is what the manifest says. After
/// a store that does not have it any more comes the next one that has. Waits for the network.
pub(in crate::service) fn stream(
    context: &Context,
    which: &str,
    accept: &[String],
) -> Result<BackupStream> {
    let mut failed = None;
    for copy in readable_copies(context, which, accept)? {
        let store = open(context.config(), &copy.store)?;
        let runtime = context.runtime()?;
        let reading = StoredBytes::open(context, &store, &copy)
            .and_then(|bytes| runtime.block_on(bytes.read_all()));
        match reading {
            Ok(reading) => {
                let (sender, pieces) = channel(1);
                let backup = copy.clone();
                let read = async move {
                    let read = store.pass_on(&backup, reading, sender).await;
                    if read.is_err() {
                        // A good end may also be that of a client that has gone.
                        verdicts::record(&store, &backup, &read).await;
                    }
                    read
                };
                return Ok(BackupStream {
                    backup: copy,
                    pieces,
                    reading: runtime.spawn(read),
                });
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(no_stores))
}

impl BackupStream {
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
