//! The artifact's file: hidden and incomplete while a run writes it, published by one rename.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};
use tokio::sync::watch;

use super::part_borders::PartBorders;
use super::spool_reader::SpoolReader;
use crate::error::{Error, Result};
use crate::fs_atomic::{self, PublishStep, lack_of_room};

/// Bytes after which the disk is advised to begin.
const SYNC_EVERY: u64 = 8 << 20;

/// The ending of files that no finished run left behind.
const PARTIAL: &str = "partial";

/// A file that exists only as long as its run, until it is published.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: PathBuf,
    /// Bytes so far, for clients that read along.
    written: watch::Sender<u64>,
    /// The last of them, which the disk was not advised of.
    unsynced: u64,
    /// Whether it is this run's, and goes away with it unless it is published.
    ours: bool,
    limit: Option<SpoolLimit>,
    /// Of its parts, for readers that have to know them while it grows.
    pub(super) borders: PartBorders,
}

/// How long an artifact may become, and which key says so.
#[derive(Debug)]
pub struct SpoolLimit {
    /// Bytes as they are published.
    pub bytes: u64,
    /// Of the configuration.
    pub key: String,
}

/// Where an artifact ended up.
#[derive(Debug, Clone)]
pub struct Published {
    /// The artifact's file.
    pub path: PathBuf,
}

impl Spool {
    /// Creates `<folder>/<id>.partial`, readable by no other user.
    pub fn create(folder: &Path, id: &str) -> Result<Self> {
        let path = partial(folder, id);
        let file = OpenOptions::new()
            .write(true)
            .read(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unwritten("create", &path, 0, error))?;
        Ok(Self {
            file,
            path,
            written: watch::Sender::new(0),
            unsynced: 0,
            ours: true,
            limit: None,
            borders: PartBorders::default(),
        })
    }

    /// The same, which takes no more than that.
    #[must_use]
    pub fn limited(mut self, limit: Option<SpoolLimit>) -> Self {
        self.limit = limit;
        self
    }

    /// Whether the run has left it there, unpublished.
    pub fn is_left(folder: &Path, id: &str) -> bool {
        partial(folder, id).exists()
    }

    /// Writes into what another process holds, a FIFO or a device: nothing of it is synced or removed.
    pub fn elsewhere(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(|error| Error::io("open", path, error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            written: watch::Sender::new(0),
            unsynced: 0,
            ours: false,
            limit: None,
            borders: PartBorders::default(),
        })
    }

    /// For reading along while it is written; stays good after publishing and after removal.
    pub fn reader(&self) -> Result<SpoolReader> {
        let file = File::open(&self.path).map_err(|error| Error::io("open", &self.path, error))?;
        let reader = SpoolReader::new(file, self.written.subscribe());
        Ok(reader.with_borders(self.borders.clone()))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(limit) = &self.limit
            && *self.written.borrow() + bytes.len() as u64 > limit.bytes
        {
            return Err(limit.reached(&self.path));
        }
        self.file
            .write_all(bytes)
            .map_err(|error| unwritten("write", &self.path, bytes.len() as u64, error))?;
        self.begin_to_sync(bytes.len() as u64);
        self.written
            .send_modify(|written| *written += bytes.len() as u64);
        Ok(())
    }

    /// Lets the disk work while the run goes on, so that little is left for [`Spool::sync`]. The
    /// advice begins to write what is new, which is in use and therefore also stays in memory.
    fn begin_to_sync(&mut self, more: u64) {
        self.unsynced += more;
        if let Some(length) = NonZeroU64::new(self.unsynced).filter(|all| all.get() >= SYNC_EVERY) {
            let start = *self.written.borrow() + more - self.unsynced;
            // Only advice: a file system that does not take it is synced in the end.
            let _ = fadvise(&self.file, start, Some(length), Advice::DontNeed);
            self.unsynced = 0;
        }
    }

    pub(super) fn sync(&mut self) -> Result<()> {
        if !self.ours {
            return Ok(());
        }
        self.file
            .sync_all()
            .map_err(|error| Error::io("sync", &self.path, error))
    }

    /// Makes it the file at `destination`, in place of what stands there: read-only, in one step
    /// that survives a crash.
    pub fn publish(mut self, destination: &Path) -> Result<Published> {
        self.file
            .set_permissions(Permissions::from_mode(0o444))
            .map_err(|error| Error::io("protect", &self.path, error))?;
        let renamed = fs_atomic::rename(&self.path, destination);
        let failed = renamed.as_ref().err().map(|failed| failed.step);
        self.ours = failed == Some(PublishStep::Rename);
        if failed == Some(PublishStep::SyncFolder) {
            // It must not be taken for a backup that it may not be after a crash.
            let _ = fs::remove_file(destination);
        }
        renamed?;
        Ok(Published {
            path: destination.to_owned(),
        })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the file of a failed run");
        }
    }
}

impl SpoolLimit {
    fn reached(&self, path: &Path) -> Error {
        let Self { bytes, key } = self;
        let message = format!(
            "the artifact {} becomes longer than {key}, which is {bytes} bytes",
            path.display()
        );
        Error::run("disk-limit", message).hint(format!("raise {key} if the backup is that large"))
    }
}

/// So many bytes could not be written.
fn unwritten(doing: &str, path: &Path, bytes: u64, error: io::Error) -> Error {
    let folder = path.parent().unwrap_or(path);
    match lack_of_room(folder, bytes, &error) {
        Some(lack) => lack
            .named(&format!("cannot {doing} {}", path.display()))
            .caused_by(error),
        None if bytes > 0 => Error::io(&format!("{doing} {bytes} bytes to"), path, error),
        None => Error::io(doing, path, error),
    }
}

fn partial(folder: &Path, id: &str) -> PathBuf {
    folder.join(id).with_extension(PARTIAL)
}

/// Removes what a crash left behind. Only the holder of the run lock may do so.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == PARTIAL)
        {
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            tracing::warn!(path = %path.display(), "removed what an interrupted run left behind");
        }
    }
    Ok(())
}
