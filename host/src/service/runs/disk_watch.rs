//! What a run adds to the folders that its module writes, compared with what it may add.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::cancel::Reason;
use crate::error::{Error, Result};
use crate::sandbox::{CommandFolder, SandboxJob};

/// Between two looks; longer where looking takes long itself.
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
        let (places, cancel) = (watch.places.clone(), job.cancel.clone());
        let before = used(&places);
        let watching = move || {
            let mut pause = POLL_INTERVAL;
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let began = Instant::now();
                let more = used(&places).saturating_sub(before);
                if more > limit {
                    added.store(more, Relaxed);
                    cancel.cancel(Reason::DiskLimit(limit));
                    return;
                }
                pause = POLL_INTERVAL.max(began.elapsed() * PAUSE_PER_POLL);
            }
        };
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

/// Bytes on the disk. One directory after the other is open, whatever lies in them.
fn used(places: &[PathBuf]) -> u64 {
    let mut bytes = 0_u64;
    let mut left = places.to_vec();
    while let Some(path) = left.pop() {
        let facts = match fs::symlink_metadata(&path) {
            Ok(facts) => facts,
            // Below what has a path, nothing can be counted.
            Err(error) if error.kind() == ErrorKind::InvalidFilename => return u64::MAX,
            Err(_) => continue,
        };
        bytes = bytes.saturating_add(facts.blocks().saturating_mul(512));
        if facts.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            left.extend(entries.map(|entry| entry.path()));
        }
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_takes_place_is_counted_and_holes_and_links_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("work");
        fs::create_dir_all(place.join("below")).unwrap();
        let size = |place: &PathBuf| used(std::slice::from_ref(place));
        let before = size(&place);
        fs::write(place.join("below/file"), vec![1; 100_000]).unwrap();
        let hole = fs::File::create(place.join("hole")).unwrap();
        hole.set_len(4 << 40).unwrap();
        std::os::unix::fs::symlink("/usr", place.join("link")).unwrap();
        let added = size(&place) - before;
        assert!((100_000..200_000).contains(&added), "{added}");
        assert_eq!(size(&folder.path().join("missing")), 0);
    }
}
