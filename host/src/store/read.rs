//! Reading an object, in pieces that are fetched side by side.

use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::time::sleep;

use super::Store;
use super::trouble::Doing;
use crate::error::{Error, Result};

/// Bytes of one request.
const PIECE: u64 = 4 << 20;
/// Requests at once.
const PARALLEL: usize = 3;

/// The bytes of an object, in order. Holds at most 16 MiB of them.
pub struct Reading {
    length: u64,
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
}

impl Store {
    /// Reads a range of an object, as far as the object goes.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<Reading> {
        let found = self.operator.stat(&self.full(key)).await;
        let found = found.map_err(|error| self.trouble(Doing::Read, key, error))?;
        let end = range.end.min(found.content_length());
        let start = range.start.min(end);
        let (store, key) = (self.clone(), key.to_owned());
        let pieces = stream::iter((start..end).step_by(PIECE as usize))
            .map(move |from| {
                let (store, key) = (store.clone(), key.clone());
                async move { store.piece(&key, from..end.min(from + PIECE)).await }
            })
            .buffered(PARALLEL);
        Ok(Reading {
            length: end - start,
            pieces: Box::pin(pieces),
        })
    }

    /// A connection may break in the middle of an answer: what came before it is asked for again.
    async fn piece(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let path = self.full(key);
        let mut delays = self.delays();
        loop {
            let error = match self.operator.read_with(&path).range(range.clone()).await {
                Ok(piece) if piece.len() as u64 == range.end - range.start => {
                    return Ok(piece.to_bytes());
                }
                Ok(_) => return Err(self.shrunk(key)),
                Err(error) => error,
            };
            match delays.next().filter(|_| error.is_temporary()) {
                Some(delay) => sleep(delay).await,
                None => return Err(self.trouble(Doing::Read, key, error)),
            }
        }
    }

    fn shrunk(&self, key: &str) -> Error {
        let (name, shown) = (self.name(), self.shown(key));
        let message = format!("store `{name}` gives fewer bytes of {shown} than it says it has");
        Error::run("truncated", message)
            .hint("see whether it was replaced meanwhile, and try again")
    }
}

impl Reading {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        self.pieces.next().await.transpose()
    }

    /// All of it: for what is known to be small.
    pub(super) async fn collect(mut self) -> Result<Vec<u8>> {
        let mut all = Vec::with_capacity(self.length as usize);
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}
