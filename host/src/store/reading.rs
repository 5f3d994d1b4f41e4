//! Reading an object, in pieces that are fetched side by side.

use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::backend::LARGEST_SMALL_OBJECT;
use super::error::{Explanation, StoreOperation};
use super::objects::Store;
use crate::error::{Error, Kind, Result};

/// Bytes of one request.
const PIECE_SIZE: u64 = 4 << 20;
/// Requests at once.
const PARALLEL: usize = 3;

/// The bytes of an object, in order. Holds at most 16 MiB of them.
pub struct Reading {
    length: u64,
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
}

impl Store {
    /// Reads an object whole: of a larger one than ours are, nothing.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>> {
        let reading = self.read(key, 0..LARGEST_SMALL_OBJECT).await?;
        if reading.length() == LARGEST_SMALL_OBJECT {
            let message = format!("{} is too large for what it should be", self.shown(key));
            return Err(Error::new(Kind::Verification, "object-too-large", message));
        }
        reading.collect().await
    }

    /// Reads a range of an object, as far as the object goes.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<Reading> {
        let Some(size) = self.size(key).await? else {
            let (shown, name) = (self.shown(key), self.name());
            return Err(Explanation::missing().into_error(
                StoreOperation::Read,
                &shown,
                name,
                None,
            ));
        };
        let end = range.end.min(size);
        let start = range.start.min(end);
        let (store, key) = (self.clone(), key.to_owned());
        let pieces = stream::iter((start..end).step_by(PIECE_SIZE as usize))
            .map(move |from| {
                let (store, key) = (store.clone(), key.clone());
                async move { store.piece(&key, from..end.min(from + PIECE_SIZE)).await }
            })
            .buffered(PARALLEL);
        Ok(Reading {
            length: end - start,
            pieces: Box::pin(pieces),
        })
    }

    pub(super) async fn piece(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let piece = self.backend.read_range(key, range.clone()).await?;
        if piece.len() as u64 == range.end - range.start {
            return Ok(piece);
        }
        let (name, shown) = (self.name(), self.shown(key));
        let message = format!("store `{name}` gives fewer bytes of {shown} than it says it has");
        Err(Error::run("truncated", message)
            .hint("see whether it was replaced meanwhile, and try again"))
    }
}

impl Reading {
    /// `length` bytes that come from elsewhere than one object.
    pub fn of(length: u64, pieces: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self {
            length,
            pieces: Box::pin(pieces),
        }
    }

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
