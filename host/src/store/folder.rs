//! What a store on a file system needs so that it lasts: nothing half written under its own name,
//! and nothing renamed that a power cut could undo.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::trouble::Doing;
use super::{Store, keys};
use crate::error::{Error, Result};

impl Store {
    /// Where an object is written: in a folder under another name, elsewhere under its own, because
    /// there it appears only when it is complete.
    pub(super) fn landing(&self, key: &str) -> String {
        if self.is_folder() {
            self.full(&format!("{}partial/{}", keys::PRIVATE, Uuid::now_v7()))
        } else {
            self.full(key)
        }
    }

    /// Gives what was written its own name.
    pub(super) async fn land(&self, landing: &str, key: &str) -> Result<()> {
        if self.is_folder() {
            let renamed = self.operator.rename(landing, &self.full(key)).await;
            renamed.map_err(|error| self.trouble(Doing::Write, key, error))?;
        }
        self.settle(key).await
    }

    /// Removes what was written in vain. Elsewhere than in a folder nothing is there yet.
    pub(super) async fn forget(&self, landing: &str, key: &str) {
        if self.is_folder()
            && let Err(error) = self.operator.delete(landing).await
        {
            let store = self.name();
            tracing::warn!(store, key, %error, "cannot remove what was not finished");
        }
    }

    /// Makes renames and removals in the folder of `key` survive a power cut.
    pub(super) async fn settle(&self, key: &str) -> Result<()> {
        if !self.is_folder() {
            return Ok(());
        }
        let (root, path) = (self.folder().to_owned(), self.path(key));
        blocking(move || sync_parents(&root, &path)).await
    }

    /// Copies a file under its final name only when it is complete.
    pub(super) async fn copy_file(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.path(from), self.path(to));
        let root = self.folder().to_owned();
        let partial = root.join(self.landing(""));
        blocking(move || {
            create_parent(&partial)?;
            create_parent(&to)?;
            let copied = fs::copy(&from, &partial)
                .and_then(|_| File::open(&partial)?.sync_all())
                .and_then(|()| fs::rename(&partial, &to));
            if let Err(error) = copied {
                // Whatever keeps it from being removed is the same trouble.
                let _ = fs::remove_file(&partial);
                return Err(Error::io("copy to", &to, error));
            }
            sync_parents(&root, &to)
        })
        .await
    }

    /// Removes what crashed uploads left behind.
    pub(super) fn remove_partial_files(&self) -> Result<usize> {
        let folder = self.path(&format!("{}partial", keys::PRIVATE));
        let Ok(entries) = fs::read_dir(&folder) else {
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

    /// The file of a key.
    pub(super) fn path(&self, key: &str) -> PathBuf {
        self.folder().join(self.full(key))
    }
}

/// Runs what waits for a disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            Err(Error::run("internal", "a task of the store ended early").caused_by(error))
        }
    }
}

pub(super) fn create_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))
        }
        None => Ok(()),
    }
}

/// The folder, and those above it up to the store's, any of which may be new.
fn sync_parents(root: &Path, path: &Path) -> Result<()> {
    for folder in path
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(root))
    {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io("sync", folder, error))?;
    }
    Ok(())
}
