//! A stage: one thread between two bounded channels of buffers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::buffers::BufferPool;
use crate::error::{Error, Result};

/// Buffers that may wait in front of a stage.
const DEPTH: usize = 4;

/// What travels between stages. A channel that closes without `End` is an abandoned run.
pub(super) enum StageMessage {
    Bytes(Vec<u8>),
    End,
}

/// The sending end, as a place to put buffers into.
pub(super) struct Outlet {
    messages: SyncSender<StageMessage>,
    pool: BufferPool,
    buffer: Vec<u8>,
    sent: Sent,
    /// Of what has been handed over since a part began. Its own hash: few artifacts have parts.
    digest: Option<Sha256>,
}

/// How much has gone through an [`Outlet`], wherever that is by now.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<AtomicU64>);

impl Sent {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The stage behind has stopped; its own thread knows why.
#[derive(Debug)]
pub(super) struct Stopped;

impl Outlet {
    /// Bytes put in so far.
    pub(super) fn position(&self) -> u64 {
        self.sent.bytes() + self.buffer.len() as u64
    }

    /// What it sends from now on is counted there.
    pub(super) fn sent(&self) -> Sent {
        self.sent.clone()
    }

    /// Hands over a whole buffer.
    pub(super) fn send(&mut self, buffer: Vec<u8>) -> Result<(), Stopped> {
        self.sent
            .0
            .fetch_add(buffer.len() as u64, Ordering::Relaxed);
        if let Some(digest) = &mut self.digest {
            digest.update(&buffer);
        }
        self.messages
            .send(StageMessage::Bytes(buffer))
            .map_err(|_| Stopped)
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
        self.messages.send(StageMessage::End).map_err(|_| Stopped)
    }

    /// Begins to hash what is put in from here on.
    pub(super) fn begin_digest(&mut self) -> Result<(), Stopped> {
        self.hand_over()?;
        self.digest = Some(Sha256::new());
        Ok(())
    }

    /// The hash of everything since then.
    pub(super) fn end_digest(&mut self) -> Result<Sha256, Stopped> {
        self.hand_over()?;
        Ok(self.digest.take().unwrap_or_default())
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
        self.hand_over()
            .map_err(|Stopped| io::ErrorKind::BrokenPipe.into())
    }
}

/// What an [`Inlet`] has to say.
pub(super) enum Next {
    Bytes(Vec<u8>),
    /// Nothing came in time.
    Late,
    /// The good end.
    End,
}

/// The receiving end.
pub(super) struct Inlet {
    messages: Receiver<StageMessage>,
    pool: BufferPool,
}

impl Inlet {
    /// The next buffer; none at the good end. An abandoned stream is an error, so that no stage
    /// can take it for the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, StageFailure> {
        match self.messages.recv() {
            Ok(StageMessage::Bytes(bytes)) => Ok(Some(bytes)),
            Ok(StageMessage::End) => Ok(None),
            Err(_) => Err(StageFailure::Abandoned),
        }
    }

    /// The same, but waits no longer than to `deadline`.
    pub(super) fn next_before(&mut self, deadline: Option<Instant>) -> Result<Next, StageFailure> {
        let Some(deadline) = deadline else {
            return Ok(self.next()?.map_or(Next::End, Next::Bytes));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        match self.messages.recv_timeout(left) {
            Ok(StageMessage::Bytes(bytes)) => Ok(Next::Bytes(bytes)),
            Ok(StageMessage::End) => Ok(Next::End),
            Err(RecvTimeoutError::Timeout) => Ok(Next::Late),
            Err(RecvTimeoutError::Disconnected) => Err(StageFailure::Abandoned),
        }
    }

    /// A buffer that is no longer needed.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        self.pool.give_back(buffer);
    }
}

/// A bounded channel.
pub(super) fn channel(pool: &BufferPool) -> (Outlet, Inlet) {
    let (sender, receiver) = sync_channel(DEPTH);
    let outlet = Outlet {
        messages: sender,
        pool: pool.clone(),
        buffer: pool.take(),
        sent: Sent::default(),
        digest: None,
    };
    (
        outlet,
        Inlet {
            messages: receiver,
            pool: pool.clone(),
        },
    )
}

/// Starts a stage's thread.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T, StageFailure> + Send + 'static,
) -> Result<JoinHandle<Result<T, StageFailure>>> {
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

/// Why a stage ended early.
#[derive(Debug)]
pub(super) enum StageFailure {
    /// Its neighbour has stopped, which knows the cause.
    Abandoned,
    /// The cause.
    Cause(Error),
}

impl From<Stopped> for StageFailure {
    fn from(Stopped: Stopped) -> Self {
        Self::Abandoned
    }
}

impl From<Error> for StageFailure {
    fn from(error: Error) -> Self {
        Self::Cause(error)
    }
}

impl From<StageFailure> for Error {
    fn from(failure: StageFailure) -> Self {
        match failure {
            StageFailure::Abandoned => abandoned(),
            StageFailure::Cause(error) => error,
        }
    }
}

/// What is said of an artifact for which no stage knows a cause.
pub(super) fn abandoned() -> Error {
    Error::run("abandoned", "the artifact was abandoned")
}
