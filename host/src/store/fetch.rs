//! Reading backups back: to check them, or into a file.

use std::path::Path;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::blocking::blocking;
use super::catalogue::StoredBackup;
use super::objects::Store;
use super::reading::Reading;
use crate::error::{Error, Kind, Result};
use crate::fs_atomic::AtomicFile;

impl Store {
    /// Reads the whole artifact, of which `reading` is all, and compares it with the manifest. `progress` is told of each
    /// piece how many bytes it has.
    pub async fn verify(
        &self,
        backup: &StoredBackup,
        mut reading: Reading,
        progress: impl Fn(usize),
    ) -> Result<()> {
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(piece) = reading.next().await? {
            size += piece.len() as u64;
            hash.update(&piece);
            progress(piece.len());
        }
        self.compare(backup, size, hash)
    }

    /// Writes the artifact, as it lies in the store, to a file that appears only when it is whole and
    /// what the manifest says. What stood there is replaced then.
    pub async fn fetch(
        &self,
        backup: &StoredBackup,
        mut reading: Reading,
        to: &Path,
    ) -> Result<()> {
        let mut file = AtomicFile::create(to, 0o600)?;
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(piece) = reading.next().await? {
            size += piece.len() as u64;
            hash.update(&piece);
            file = blocking(move || {
                file.write(&piece)?;
                Ok(file)
            })
            .await?;
        }
        self.compare(backup, size, hash)?;
        blocking(move || Ok(file.commit()?)).await
    }

    /// Passes on what is read. The last piece goes only when all of it is what the manifest says.
    pub async fn pass_on(
        &self,
        backup: &StoredBackup,
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
                // The client has gone.
                return Ok(());
            }
        }
        self.compare(backup, size, hash)?;
        if let Some(last) = last {
            // Whether the client is still there makes no difference.
            let _ = to.send(last).await;
        }
        Ok(())
    }

    fn compare(&self, backup: &StoredBackup, size: u64, hash: Sha256) -> Result<()> {
        let expected = &backup.manifest.artifact;
        let shown = self.shown(&backup.key);
        let wanted = expected.stored_size();
        let what = if size != wanted {
            format!("{shown} has {size} bytes instead of {wanted}")
        } else if !expected.is_intact(&crate::artifact::manifest::Sha256::of(hash)) {
            format!("{shown} has other bytes than were stored: its SHA-256 differs")
        } else {
            return Ok(());
        };
        let message = format!("{what} (store `{}`)", self.name());
        let hint =
            "do not restore it: take another backup (`sidecar list`), and find out what altered it";
        Err(Error::new(Kind::Verification, "altered", message).hint(hint))
    }
}
