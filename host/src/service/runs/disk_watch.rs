//! What a run adds to the folders that its module writes, compared with what it may add.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::disk_room::FreeRoom;
use super::disk_use::{DiskUse, used};
use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Result};
use crate::sandbox::{CommandFolder, SandboxJob};

/// Between two looks; longer where looking takes long itself, unless the disk loses meanwhile what is left of the limit.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
const PAUSE_PER_POLL: u32 = 20;

/// Watches all that the module and its commands may write, and stops the run that adds too much to it.
pub(in crate::service) struct DiskWatch {
    limit: u64,
    key: String,
    places: Vec<PathBuf>,
    /// Bytes that were added when it was too much.
    added: Arc<AtomicU64>,
    _alive: Sender<()>,
}

impl DiskWatch {
    /// None without a limit.
    pub(in crate::service) fn start(
        limit: Option<u64>,
        module: &str,
        job: &SandboxJob,
    ) -> Result<Option<Self>> {
        let Some(limit) = limit else {
            return Ok(None);
        };
        let (alive, ended) = channel();
        let added = Arc::new(AtomicU64::new(0));
        let watch = Self {
            limit,
            key: key(module),
            places: places(job),
            added: Arc::clone(&added),
            _alive: alive,
        };
        let watcher = Watcher {
            limit,
            before: used(&watch.places).bytes,
            places: watch.places.clone(),
            added,
            cancel: job.cancel.clone(),
        };
        let watching = move || watcher.watch(&ended);
        let thread = std::thread::Builder::new().name("disk-watch".to_owned());
        thread.spawn(watching).map_err(|error| {
            Error::run("no-thread", format!("cannot watch the run's disk: {error}"))
        })?;
        Ok(Some(watch))
    }

    /// What the run ended with, or that it has added too much.
    pub(in crate::service) fn judge<T>(watch: Option<&Self>, ended: Result<T>) -> Result<T> {
        let too_much = watch.filter(|watch| watch.added.load(Relaxed) > 0);
        match (ended, too_much) {
            (Err(_), Some(watch)) => Err(watch.too_much()),
            (ended, _) => ended,
        }
    }

    fn too_much(&self) -> Error {
        let places: Vec<_> = self
            .places
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        let places = places.join(" and at ");
        let added = self.added.load(Relaxed);
        let message = format!(
            "the run added {added} bytes in {places}: {} is {}",
            self.key, self.limit
        );
        Error::run("disk-limit", message)
            .hint(format!("raise {} if the module needs that much", self.key))
    }
}

/// The thread that looks.
struct Watcher {
    limit: u64,
    places: Vec<PathBuf>,
    /// What was used at the start.
    before: u64,
    added: Arc<AtomicU64>,
    cancel: Cancel,
}

impl Watcher {
    /// Until the run ends, or is ended from here.
    fn watch(&self, ended: &Receiver<()>) {
        let mut told = false;
        loop {
            let began = Instant::now();
            let room = FreeRoom::of(&self.places);
            let DiskUse { bytes, hidden } = used(&self.places);
            let more = bytes.saturating_sub(self.before);
            if more > self.limit {
                self.added.store(more, Relaxed);
                self.cancel.cancel(Reason::DiskLimit(self.limit));
                return;
            }
            if hidden && !told {
                told = true;
                tracing::warn!(
                    "a command runs as another user: a file that it removes and holds open is not counted for the limit of the disk"
                );
            }
            let next = Instant::now() + POLL_INTERVAL.max(began.elapsed() * PAUSE_PER_POLL);
            loop {
                if ended.recv_timeout(POLL_INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                if Instant::now() >= next || room.lost() > self.limit - more {
                    break;
                }
            }
        }
    }
}

/// A module from elsewhere writes anywhere in the folder of the temporary dump, and its commands in theirs.
fn places(job: &SandboxJob) -> Vec<PathBuf> {
    let workdir = job.directories.workdir.clone();
    match &job.command_folder {
        None => vec![workdir, job.temp_dump.clone()],
        Some(commands) => {
            let temp = job.directories.temp.clone();
            vec![workdir, temp, CommandFolder::path(commands).to_owned()]
        }
    }
}

/// The key that sets the limit of a module.
pub(in crate::service) fn key(module: &str) -> String {
    format!("modules.{module}.limits.disk")
}
