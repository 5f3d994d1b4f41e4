//! Reading an object, in pieces that are fetched side by side.

use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::backend::LARGEST_SMALL_OBJECT;
use super::error::{Explanation, StoreOperation};
use super::objects::Store;
use crate::error::{Error, Kind, Result};

/// Bytes of one request at most, and at least.
const LARGEST_PIECE: u64 = 4 << 20;
const SMALLEST_PIECE: u64 = 256 << 10;
/// Requests at once.
const PARALLEL: usize = 3;
/// Bytes that all objects that are read at the same time hold, unless they are very many.
const HELD_BY_ALL: u64 = 48 << 20;

/// Objects that are being read: the more, the smaller the pieces of each.
static READ_NOW: AtomicU64 = AtomicU64::new(0);

/// The bytes of an object, in order. Holds at most 16 MiB of them, and of many that are read at once less.
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
        let (counted, mut from) = (CountedReading::begin(), start);
        let ranges = std::iter::from_fn(move || {
            let range = from..end.min(from + counted.piece_size());
            from = range.end;
            (!range.is_empty()).then_some(range)
        });
        let pieces = stream::iter(ranges)
            .map(move |range| {
                let (store, key) = (store.clone(), key.clone());
                async move { store.piece(&key, range).await }
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

/// An object that is being read, until it is dropped.
struct CountedReading;

impl CountedReading {
    fn begin() -> Self {
        READ_NOW.fetch_add(1, Relaxed);
        Self
    }

    /// Bytes of the next request.
    fn piece_size(&self) -> u64 {
        let held = READ_NOW.load(Relaxed).max(1) * (PARALLEL as u64 + 1);
        (HELD_BY_ALL / held).clamp(SMALLEST_PIECE, LARGEST_PIECE)
    }
}

impl Drop for CountedReading {
    fn drop(&mut self) {
        READ_NOW.fetch_sub(1, Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_that_are_read_at_once_hold_little_more_than_few() {
        let one = CountedReading::begin();
        assert!(one.piece_size() <= LARGEST_PIECE);
        let many: Vec<_> = (0..40).map(|_| CountedReading::begin()).collect();
        let held = one.piece_size() * (PARALLEL as u64 + 1) * (many.len() as u64 + 1);
        assert!(held <= HELD_BY_ALL, "{held}");
        let _very_many: Vec<_> = (0..400).map(|_| CountedReading::begin()).collect();
        assert_eq!(one.piece_size(), SMALLEST_PIECE);
    }
}
