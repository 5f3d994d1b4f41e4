//! Reading backups back: to check them, or into a file.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::folder::blocking;
use super::{Backup, Reading, Store};
use crate::error::{Error, Kind, Result};

impl Store {
    /// Reads the whole artifact and compares it with the manifest.
    pub async fn verify(&self, backup: &Backup) -> Result<()> {
        let mut reading = self.read(&backup.key, 0..u64::MAX).await?;
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(piece) = reading.next().await? {
            size += piece.len() as u64;
            hash.update(&piece);
        }
        self.compare(backup, size, hash)
    }

    /// Writes the artifact, as it lies in the store, to a file that appears only when it is whole and
    /// what the manifest says. What stood there is replaced then.
    pub async fn fetch(&self, backup: &Backup, to: &Path) -> Result<()> {
        let mut file = Partial::create(to)?;
        let mut reading = self.read(&backup.key, 0..u64::MAX).await?;
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(piece) = reading.next().await? {
            size += piece.len() as u64;
            hash.update(&piece);
            file = blocking(move || file.write(&piece)).await?;
        }
        self.compare(backup, size, hash)?;
        blocking(move || file.publish()).await
    }

    /// Passes on what is read. The last piece goes only when all of it is what the manifest says.
    pub async fn pass_on(
        &self,
        backup: &Backup,
        mut reading: Reading,
        to: mpsc::Sender<Bytes>,
    ) -> Result<()> {
        let (mut hash, mut size, mut last) = (Sha256::new(), 0, None);
        while let Some(piece) = reading.next().await? {
            size += piece.len() as u64;
            hash.update(&piece);
            if let Some(before) = last.replace(piece)
                && to.send(before).await.is_err()
            {
                // Nobody wants the rest.
                return Ok(());
            }
        }
        self.compare(backup, size, hash)?;
        if let Some(last) = last {
            // Whether somebody still wants it makes no difference.
            let _ = to.send(last).await;
        }
        Ok(())
    }

    fn compare(&self, backup: &Backup, size: u64, hash: Sha256) -> Result<()> {
        let expected = &backup.manifest.artifact;
        let shown = self.shown(&backup.key);
        let what = if size != expected.size {
            format!("{shown} has {size} bytes instead of {}", expected.size)
        } else if crate::artifact::manifest::Sha256::of(hash) != expected.sha256 {
            format!("{shown} has other bytes than were stored: its SHA-256 differs")
        } else {
            return Ok(());
        };
        let message = format!("{what} (store `{}`)", self.name());
        let hint =
            "do not restore it: take another backup (`sidecar list`), and find out who altered it";
        Err(Error::new(Kind::Verification, "altered", message).hint(hint))
    }
}

/// A file beside its destination, which goes away again unless it is published.
struct Partial {
    file: File,
    path: PathBuf,
    to: PathBuf,
    published: bool,
}

impl Partial {
    fn create(to: &Path) -> Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(to.file_name().unwrap_or_default());
        name.push(".partial");
        let path = to.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        Ok(Self {
            file,
            path,
            to: to.to_owned(),
            published: false,
        })
    }

    fn write(mut self, bytes: &[u8]) -> Result<Self> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Error::io("write", &self.path, error))?;
        Ok(self)
    }

    fn publish(mut self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.map_err(|error| Error::io("sync", &self.path, error))?;
        fs::rename(&self.path, &self.to).map_err(|error| Error::io("write", &self.to, error))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove what was not fetched whole");
        }
    }
}
