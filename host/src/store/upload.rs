//! Uploading an artifact while it is being made.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::tail::{Tail, given_up};
use super::trouble::Doing;
use super::{Store, keys};
use crate::artifact::Growth;
use crate::config::Tier;
use crate::error::{Error, Result};

/// Parts on their way at once.
const PARALLEL: usize = 3;
/// S3 takes no more of one object.
const MOST_PARTS: usize = 10_000;
const MIB: usize = 1 << 20;

/// An artifact on its way into a store. Dropped, it is given up: nothing of it stays there.
#[derive(Debug)]
pub struct Upload {
    /// Closing it gives the upload up.
    total: watch::Sender<Option<u64>>,
    sent: watch::Receiver<u64>,
    task: JoinHandle<Result<Stored>>,
}

/// An artifact that lies whole in a store, but is no backup yet: see [`Store::commit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Store {
    /// Starts to upload an artifact to `key`: see [`Store::free_key`].
    ///
    /// `source` is still being written by somebody else.
    /// Needs at most 48 MiB of memory up to 31 GiB, then about a three-hundredth of the artifact:
    /// S3 takes no more than 10,000 parts, and none may be sent before it is whole.
    pub fn upload(&self, key: &str, source: Growth) -> Upload {
        let (total, known) = watch::channel(None);
        let (sending, sent) = watch::channel(0);
        let job = Job {
            store: self.clone(),
            key: key.to_owned(),
            tail: Tail::new(source, known.clone()),
            sending,
        };
        let task = tokio::spawn(job.run(known));
        Upload { total, sent, task }
    }
}

impl Upload {
    /// Bytes handed to the store so far.
    pub fn sent(&self) -> watch::Receiver<u64> {
        self.sent.clone()
    }

    /// The artifact is complete and has `size` bytes: waits until all of them are in the store. Who
    /// stops waiting has to abandon it.
    pub async fn finish(&mut self, size: u64) -> Result<Stored> {
        self.total.send_replace(Some(size));
        ended((&mut self.task).await)
    }

    /// The run failed, or was stopped: waits until nothing of it is left in the store.
    pub async fn abandon(self) {
        drop(self.total);
        if let Err(error) = ended(self.task.await)
            && error.code() != given_up().code()
        {
            tracing::debug!(%error, "the upload of a failed run had failed too");
        }
    }
}

fn ended(task: Result<Result<Stored>, tokio::task::JoinError>) -> Result<Stored> {
    task.unwrap_or_else(|error| {
        Err(Error::run("internal", "an upload ended early").caused_by(error))
    })
}

struct Job {
    store: Store,
    key: String,
    tail: Tail,
    sending: watch::Sender<u64>,
}

impl Job {
    async fn run(mut self, mut total: watch::Receiver<Option<u64>>) -> Result<Stored> {
        // Ends only when the upload is given up.
        let given_up = async move {
            while total.changed().await.is_ok() {}
            Err(given_up())
        };
        let key = self.key.clone();
        let landing = self.store.landing(&key);
        let parallel = if self.store.is_folder() { 1 } else { PARALLEL };
        let writer = self
            .store
            .operator
            .writer_with(&landing)
            .concurrent(parallel);
        let failed = |error| self.store.trouble(Doing::Write, &key, error);
        let mut writer = writer.await.map_err(failed)?;
        let outcome = tokio::select! {
            outcome = self.send(&mut writer, &landing, &key) => outcome,
            end = given_up => end,
        };
        if outcome.is_err() {
            self.clean_up(&mut writer, &landing, &key).await;
        }
        outcome
    }

    async fn send(
        &mut self,
        writer: &mut opendal::Writer,
        landing: &str,
        key: &str,
    ) -> Result<Stored> {
        for part in 0.. {
            let piece = self.tail.next(self.part_size(part)).await?;
            if piece.is_empty() {
                break;
            }
            if part == MOST_PARTS && !self.store.is_folder() {
                return Err(self.too_large(key));
            }
            let written = writer.write(piece).await;
            written.map_err(|error| self.store.trouble(Doing::Write, key, error))?;
            self.sending.send_replace(self.tail.position());
        }
        let size = self.tail.position();
        self.close(writer, landing, key, size).await?;
        self.store.land(landing, key).await?;
        Ok(Stored {
            key: key.to_owned(),
            size,
        })
    }

    /// Completes the object, and looks whether the store has what was sent: an answer that was lost
    /// looks like a failure, and the repeated request like a refusal.
    async fn close(
        &self,
        writer: &mut opendal::Writer,
        landing: &str,
        key: &str,
        size: u64,
    ) -> Result<()> {
        let mut closed = writer.close().await;
        if closed.as_ref().is_err_and(opendal::Error::is_temporary) {
            // S3 may begin a good answer before it fails: nothing below us saw that.
            closed = writer.close().await;
        }
        let stat = self.store.operator.stat(landing).await;
        match (closed, stat) {
            (_, Ok(found)) if found.content_length() == size => Ok(()),
            (Err(error), _) | (_, Err(error)) => Err(self.store.trouble(Doing::Write, key, error)),
            (Ok(_), Ok(found)) => {
                let shown = self.store.shown(key);
                let (name, stored) = (self.store.name(), found.content_length());
                let message =
                    format!("store `{name}` keeps {stored} of the {size} bytes of {shown}");
                self.store.delete(key).await?;
                Err(Error::run("damaged-on-the-way", message)
                    .hint("run the backup again; if it repeats, the store cannot be trusted"))
            }
        }
    }

    fn part_size(&self, part: usize) -> usize {
        if self.store.is_folder() {
            8 * MIB
        } else {
            part_size(part)
        }
    }

    fn too_large(&self, key: &str) -> Error {
        let (name, shown) = (self.store.name(), self.store.shown(key));
        let message = format!("{shown} has more parts than store `{name}` takes");
        Error::run("artifact-too-large", message)
            .hint("back up fewer things at once, or compress: `artifact.compression: zst`")
    }

    /// Leaves nothing behind; what cannot be removed now is by the next run.
    async fn clean_up(&self, writer: &mut opendal::Writer, landing: &str, key: &str) {
        if self.store.is_folder() {
            return self.store.forget(landing, key).await;
        }
        if let Err(error) = writer.abort().await {
            let store = self.store.name();
            tracing::warn!(store, key, %error, "cannot abort an upload: the next run will");
        }
    }
}

/// Parts grow with their number, so that 10,000 of them hold about 1 TiB.
fn part_size(part: usize) -> usize {
    let doubled = part.saturating_sub(3_000) / 1_000;
    (8 * MIB) << doubled.min(6)
}

impl Store {
    /// A key for an artifact of `filename`, begun at `at`, that nothing has yet. Two runs of one second are told apart by a number.
    pub async fn free_key(
        &self,
        tier: Tier,
        filename: &str,
        at: jiff::Timestamp,
    ) -> Result<String> {
        // Listed rather than asked for one by one: only then does S3 say why it refuses.
        let objects = self.list(&keys::folder(tier)).await?;
        let taken = |key: &str| objects.iter().any(|object| object.key == key);
        for again in 1..=99 {
            let key = keys::artifact(tier, filename, at, again);
            if !taken(&key) && !taken(&keys::manifest(&key)) {
                return Ok(key);
            }
        }
        let message = format!("store `{}` has too many backups of one second", self.name());
        Err(Error::run("key-taken", message).hint("correct the clock of this machine"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_a_tebibyte_and_small_ones_come_first() {
        assert!((0..4_000).all(|part| part_size(part) == 8 * MIB));
        let all: u64 = (0..MOST_PARTS).map(|part| part_size(part) as u64).sum();
        assert!(all >= 1_000 << 30, "{all}");
    }
}
