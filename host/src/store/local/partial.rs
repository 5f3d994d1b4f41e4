//! A file under another name, which gets its own when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::folder::{Folder, create_parent};
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::store::backend::PartWriter;
use crate::store::blocking::blocking;
use crate::store::error::StoreOperation;
use crate::store::keys;
use crate::store::spool_range::SpoolRange;

const PART_SIZE: u64 = 8 << 20;

/// An object that is not complete. It stays there unless it is published or discarded: a process that
/// is killed leaves it to [`remove_all`].
pub(super) struct PartialFile {
    folder: Arc<Folder>,
    key: String,
    /// What an error says was being done.
    operation: StoreOperation,
    path: PathBuf,
    file: File,
}

impl PartialFile {
    pub(super) fn create(
        folder: &Arc<Folder>,
        key: &str,
        operation: StoreOperation,
    ) -> Result<Self> {
        let create = || {
            let path = folder.path(&format!("{}/{}", keys::partial(), Uuid::now_v7()))?;
            make_room(&folder.path(&keys::partial())?)?;
            create_parent(&path)?;
            // A name that nothing else can know, and where nothing may stand: no link is followed.
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            Ok((file, path))
        };
        let (file, path) = create().map_err(|error| folder.failed(operation, key, error))?;
        Ok(Self {
            file,
            folder: folder.clone(),
            key: key.to_owned(),
            operation,
            path,
        })
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let written = (&self.file).write_all(bytes);
        written.map_err(|error| self.failed(bytes.len() as u64, error))
    }

    /// Appends what another file has: the kernel clones it where it can.
    pub(super) fn append(&self, from: &SpoolRange) -> Result<()> {
        from.append_to(&self.file, |error| self.failed(from.len(), error))
    }

    /// Gives it its own name, for good.
    pub(super) fn publish(&self) -> Result<()> {
        let publish = || {
            let path = self.folder.path(&self.key)?;
            self.file.sync_all()?;
            create_parent(&path)?;
            fs_atomic::rename(&self.path, &path).map_err(|failed| failed.error)?;
            Ok(path)
        };
        let path = self.explained(publish())?;
        self.folder.sync_parents(&path)
    }

    /// The same where nothing stands yet. Returns whether it got its name.
    pub(super) fn publish_new(&self) -> Result<bool> {
        let publish = || {
            let path = self.folder.path(&self.key)?;
            self.file.sync_all()?;
            create_parent(&path)?;
            match fs_atomic::rename_new(&self.path, &path) {
                Ok(()) => Ok(Some(path)),
                Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
                    fs::remove_file(&self.path).map(|()| None)
                }
                Err(failed) => {
                    if failed.step == fs_atomic::PublishStep::SyncFolder {
                        // It must not be taken for what it may not be after a crash.
                        let _ = fs::remove_file(&path);
                    }
                    Err(failed.error)
                }
            }
        };
        let Some(path) = self.explained(publish())? else {
            return Ok(false);
        };
        if let Err(error) = self.folder.sync_parents(&path) {
            // It must not be taken for what it may not be after a crash.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(true)
    }

    /// Removes what was written in vain. There may be nothing left to remove.
    pub(super) fn discard(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.path, error))
            }
            _ => Ok(()),
        }
    }

    fn size(&self) -> Result<u64> {
        self.explained(self.file.metadata().map(|found| found.len()))
    }

    fn explained<T>(&self, outcome: io::Result<T>) -> Result<T> {
        outcome.map_err(|error| self.failed(0, error))
    }

    /// So many bytes could not be written.
    fn failed(&self, bytes: u64, error: io::Error) -> Error {
        self.folder
            .failed_to_take(bytes, self.operation, &self.key, error)
    }
}

/// An upload into a folder.
pub(super) struct LocalWriter(pub(super) Arc<PartialFile>);

#[async_trait]
impl PartWriter for LocalWriter {
    fn part_size(&self) -> u64 {
        PART_SIZE
    }

    async fn write(&mut self, part: SpoolRange) -> Result<()> {
        let partial = self.0.clone();
        blocking(move || partial.append(&part)).await
    }

    async fn complete(&mut self, size: u64) -> Result<u64> {
        let partial = self.0.clone();
        blocking(move || {
            let written = partial.size()?;
            if written == size {
                partial.publish()?;
            }
            Ok(written)
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        let partial = self.0.clone();
        blocking(move || partial.discard()).await
    }
}

/// Moves aside what stands in the place of the folder for partial files, and is none. It is not removed:
/// it may be of another program.
fn make_room(folder: &Path) -> io::Result<()> {
    if folder.is_dir() || fs::symlink_metadata(folder).is_err() {
        return Ok(());
    }
    let aside = folder.with_file_name(format!("partial.aside.{}", Uuid::now_v7()));
    match fs_atomic::rename(folder, &aside).map_err(|failed| failed.error) {
        // Another upload was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

/// Removes what crashed uploads left behind. It is not known for which key a file was meant: all that
/// is partial goes.
pub(super) fn remove_all(folder: &Folder) -> Result<usize> {
    let Ok(entries) = folder.path(&keys::partial()).and_then(fs::read_dir) else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        removed += 1;
    }
    Ok(removed)
}
