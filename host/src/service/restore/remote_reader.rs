//! A stored backup as a file: read from anywhere, fetched as far as it is needed.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::{Buf, Bytes};
use tokio::runtime::Handle;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::service::catalogue::stored_bytes::StoredBytes;
use crate::store::Reading;

/// Fetched at once where it is not known how much will be needed.
const READ_SIZE: u64 = 64 << 10;

/// Reads on the thread that asks. Cancelling ends every wait.
pub(super) struct RemoteReader {
    bytes: StoredBytes,
    size: u64,
    position: u64,
    open: Option<Reading>,
    piece: Bytes,
    meter: Arc<FetchMeter>,
    driver: Handle,
    cancel: Cancel,
}

/// What the caller still has to know when it reads through other readers.
#[derive(Default)]
pub(super) struct FetchMeter {
    /// Where the next byte is read from.
    position: AtomicU64,
    /// Up to where reading on is certain to be needed.
    until: AtomicU64,
    /// Bytes that came from the store.
    fetched: AtomicU64,
}

impl FetchMeter {
    pub(super) fn position(&self) -> u64 {
        self.position.load(Relaxed)
    }

    pub(super) fn fetched(&self) -> u64 {
        self.fetched.load(Relaxed)
    }

    /// From now on everything up to there will be read.
    pub(super) fn expect(&self, until: u64) {
        self.until.store(until, Relaxed);
    }
}

impl RemoteReader {
    pub(super) fn new(bytes: StoredBytes, size: u64, driver: Handle, cancel: Cancel) -> Self {
        Self {
            bytes,
            size,
            position: 0,
            open: None,
            piece: Bytes::new(),
            meter: Arc::default(),
            driver,
            cancel,
        }
    }

    /// Stays good when the reader has gone into others.
    pub(super) fn meter(&self) -> Arc<FetchMeter> {
        Arc::clone(&self.meter)
    }

    /// The next piece; empty at the end.
    fn fetch(&mut self) -> Result<Bytes> {
        let until = self
            .meter
            .until
            .load(Relaxed)
            .max(self.position + READ_SIZE);
        let range = self.position..until.min(self.size);
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let (bytes, open) = (&self.bytes, &mut self.open);
        let next = async {
            if let Some(reading) = open.as_mut()
                && let Some(piece) = reading.next().await?
            {
                return Ok(piece);
            }
            let mut reading = bytes.read(range).await?;
            let piece = reading.next().await?.unwrap_or_default();
            *open = Some(reading);
            Ok::<_, Error>(piece)
        };
        let piece = self.driver.block_on(async {
            tokio::select! {
                piece = next => piece,
                () = self.cancel.cancelled() => Err(self.cancel.error()),
            }
        })?;
        self.meter.fetched.fetch_add(piece.len() as u64, Relaxed);
        Ok(piece)
    }

    fn move_to(&mut self, position: u64) {
        self.position = position;
        self.meter.position.store(position, Relaxed);
    }
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.piece.is_empty() {
            self.piece = self.fetch().map_err(io::Error::other)?;
        }
        let read = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..read]);
        self.move_to(self.position + read as u64);
        Ok(read)
    }
}

impl Seek for RemoteReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let position = position.ok_or(io::ErrorKind::InvalidInput)?;
        let skipped = position.checked_sub(self.position);
        match skipped.filter(|skipped| *skipped <= self.piece.len() as u64) {
            Some(skipped) => self.piece.advance(skipped as usize),
            None => {
                self.piece = Bytes::new();
                self.open = None;
            }
        }
        self.move_to(position);
        Ok(position)
    }
}
