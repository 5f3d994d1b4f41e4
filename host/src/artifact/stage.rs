//! A stage: one thread between two bounded channels of buffers.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::pool::Pool;
use crate::error::{Error, Result};

/// Buffers that may wait in front of a stage.
const DEPTH: usize = 4;

/// What travels between stages. A channel that closes without `End` is an abandoned run.
pub(super) enum Piece {
    Bytes(Vec<u8>),
    End,
}

/// The sending end, as a place to put buffers into.
pub(super) struct Outlet {
    pieces: SyncSender<Piece>,
    pool: Pool,
    buffer: Vec<u8>,
    sent: u64,
}

/// The stage behind has stopped; its own thread knows why.
#[derive(Debug)]
pub(super) struct Stopped;

impl Outlet {
    /// Bytes put in so far.
    pub(super) fn position(&self) -> u64 {
        self.sent + self.buffer.len() as u64
    }

    /// Hands over a whole buffer.
    pub(super) fn send(&mut self, buffer: Vec<u8>) -> Result<(), Stopped> {
        self.sent += buffer.len() as u64;
        self.pieces.send(Piece::Bytes(buffer)).map_err(|_| Stopped)
    }

    /// Free room of the buffer that is being filled, for reading straight into it.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Hands over the buffer that is being filled once no more fits.
    pub(super) fn filled(&mut self) -> Result<(), Stopped> {
        if self.buffer.len() < self.buffer.capacity() {
            Ok(())
        } else {
            self.hand_over()
        }
    }

    /// Copies bytes in.
    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            let fits = bytes.len().min(self.buffer.capacity() - self.buffer.len());
            self.buffer.extend_from_slice(&bytes[..fits]);
            bytes = &bytes[fits..];
            self.filled()?;
        }
        Ok(())
    }

    /// Ends the stream well.
    pub(super) fn end(mut self) -> Result<(), Stopped> {
        self.hand_over()?;
        self.pieces.send(Piece::End).map_err(|_| Stopped)
    }

    /// Hands over what is in the buffer.
    pub(super) fn hand_over(&mut self) -> Result<(), Stopped> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, self.pool.take());
        self.send(full)
    }
}

/// Codecs write through the standard trait.
impl io::Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)
            .map_err(|Stopped| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The receiving end.
pub(super) struct Inlet {
    pieces: Receiver<Piece>,
    pool: Pool,
}

impl Inlet {
    /// The next buffer; none at the good end. An abandoned stream is an error, so that no stage
    /// can take it for the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        match self.pieces.recv() {
            Ok(Piece::Bytes(bytes)) => Ok(Some(bytes)),
            Ok(Piece::End) => Ok(None),
            Err(_) => Err(abandoned()),
        }
    }

    /// A buffer that is no longer needed.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        self.pool.give_back(buffer);
    }
}

/// A bounded channel.
pub(super) fn channel(pool: &Pool) -> (Outlet, Inlet) {
    let (sender, receiver) = sync_channel(DEPTH);
    let outlet = Outlet {
        pieces: sender,
        pool: pool.clone(),
        buffer: pool.take(),
        sent: 0,
    };
    (
        outlet,
        Inlet {
            pieces: receiver,
            pool: pool.clone(),
        },
    )
}

/// Starts a stage's thread.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<JoinHandle<Result<T>>> {
    Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| {
            Error::run(
                "no-thread",
                format!("cannot start the {name} thread: {error}"),
            )
        })
}

/// What a stage returns whose neighbour went away: never the cause, which the neighbour has.
pub(super) fn abandoned() -> Error {
    Error::run("abandoned", "the artifact was abandoned")
}
