//! Uploading an artifact while it is being made.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::backend::PartWriter;
use super::error::{StoreFailure, StoreOperation, failure};
use super::keys;
use super::objects::Store;
use super::spool_tail::{SpoolTail, abandoned};
use crate::artifact::SpoolReader;
use crate::config::Tier;
use crate::error::{Error, Result};

/// An artifact on its way into a store. Dropped, it is abandoned: nothing of it stays there.
#[derive(Debug)]
pub struct Upload {
    /// Closing it abandons the upload.
    total: watch::Sender<Option<u64>>,
    sent: watch::Receiver<u64>,
    task: JoinHandle<Result<Stored>>,
}

/// An artifact that lies whole in a store, but is no backup yet: see [`commit`](super::StoreLock::commit).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies; in a repository, what it is called.
    pub key: String,
    /// The object that must be there before it is called a backup: itself, or its snapshot.
    pub object: String,
    /// Bytes of that.
    pub size: u64,
}

impl Stored {
    /// An artifact that is an object.
    pub(super) fn at(key: String, size: u64) -> Self {
        Self {
            object: key.clone(),
            key,
            size,
        }
    }
}

impl Store {
    /// Starts to upload an artifact to `key`: see [`note_free_key`](super::StoreLock::note_free_key).
    ///
    /// The run may still be writing `source`.
    /// Its bytes go from the file into the store: what is needed of memory does not depend on how large
    /// the artifact is, or a part of it.
    pub fn upload(&self, key: &str, source: SpoolReader) -> Upload {
        let (total, known) = watch::channel(None);
        let (sending, sent) = watch::channel(0);
        let task = UploadTask {
            store: self.clone(),
            key: key.to_owned(),
            spool: SpoolTail::new(source, known.clone()),
            sending,
        };
        let task = tokio::spawn(task.run(known));
        Upload { total, sent, task }
    }
}

impl Upload {
    /// Bytes handed to the store so far.
    pub fn sent(&self) -> watch::Receiver<u64> {
        self.sent.clone()
    }

    /// The artifact is complete and has `size` bytes: waits until all of them are in the store. A
    /// caller that stops waiting has to abandon it.
    pub async fn finish(&mut self, size: u64) -> Result<Stored> {
        self.total.send_replace(Some(size));
        ended((&mut self.task).await)
    }

    /// The run failed, or was stopped: waits until nothing of it is left in the store. Returns whether
    /// that is certain: a request whose answer was lost may still be under way.
    pub async fn abandon(self) -> bool {
        let was_finishing = self.total.borrow().is_some();
        drop(self.total);
        match ended(self.task.await) {
            Ok(_) => false,
            outcome if is_abandoned(&outcome) => !was_finishing,
            Err(error) => {
                tracing::debug!(%error, "the upload of a failed run had failed too");
                false
            }
        }
    }
}

fn is_abandoned(outcome: &Result<Stored>) -> bool {
    let failed = outcome.as_ref().err().and_then(failure);
    failed == Some(StoreFailure::UploadAbandoned)
}

fn ended(task: Result<Result<Stored>, tokio::task::JoinError>) -> Result<Stored> {
    task.unwrap_or_else(|error| {
        Err(Error::run("internal", "an upload ended early").caused_by(error))
    })
}

struct UploadTask {
    store: Store,
    key: String,
    spool: SpoolTail,
    sending: watch::Sender<u64>,
}

impl UploadTask {
    async fn run(mut self, mut total: watch::Receiver<Option<u64>>) -> Result<Stored> {
        // Ends only when the upload is abandoned.
        let abandoned = async move {
            while total.changed().await.is_ok() {}
            Err(abandoned())
        };
        let mut writer = self.store.backend.begin_upload(&self.key).await?;
        let mut outcome = tokio::select! {
            outcome = self.send(writer.as_mut()) => outcome,
            end = abandoned => end,
        };
        if outcome.is_err()
            && let Err(error) = writer.abort().await
        {
            let (store, key) = (self.store.name(), &self.key);
            tracing::warn!(store, key, %error, "cannot abort an upload: the next run will");
            if is_abandoned(&outcome) {
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn send(&mut self, writer: &mut dyn PartWriter) -> Result<Stored> {
        loop {
            let part = self.spool.next(writer.part_size()).await?;
            if part.is_empty() {
                break;
            }
            writer.write(part).await?;
            self.sending.send_replace(self.spool.position());
        }
        let size = self.spool.position();
        let stored = writer.complete(size).await?;
        if stored != size {
            self.store.delete(&self.key).await?;
            return Err(self.damaged(size, stored));
        }
        Ok(Stored::at(self.key.clone(), size))
    }

    fn damaged(&self, sent: u64, stored: u64) -> Error {
        let (name, shown) = (self.store.name(), self.store.shown(&self.key));
        let message = format!("store `{name}` has {stored} of the {sent} bytes of {shown}");
        StoreFailure::DamagedInTransit
            .error(message)
            .hint("run the backup again; if it repeats, the store cannot be trusted")
    }
}

impl Store {
    /// A key for an artifact of `filename`, begun at `at`, that nothing has yet, and that is none of
    /// `noted`. Two runs of one second are told apart by a number.
    pub(super) async fn free_key(
        &self,
        tier: Tier,
        filename: &str,
        at: jiff::Timestamp,
        noted: &[String],
    ) -> Result<String> {
        // Listed rather than asked for one by one: only then does S3 say why it refuses.
        let objects = match self.list(&keys::folder(tier)).await {
            // Credentials that may only write: one run at a time has its own second all the same.
            Err(error) if failure(&error) == Some(StoreFailure::Denied(StoreOperation::List)) => {
                Vec::new()
            }
            listed => listed?,
        };
        let taken = |key: &str| objects.iter().any(|object| object.key == key);
        let taken = |key: &String| noted.contains(key) || taken(key) || taken(&keys::manifest(key));
        for again in 1..=99 {
            let key = keys::artifact(tier, filename, at, again);
            if !taken(&key) {
                return Ok(key);
            }
        }
        let message = format!("store `{}` has too many backups of one second", self.name());
        Err(Error::run("key-taken", message).hint("correct the clock of this machine"))
    }
}
