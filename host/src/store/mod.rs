//! Stores: where backups go, and where they are read back from.
//!
//! ```text
//! run ──► upload ──► commit ──► catalogue ──► fetch, verify
//!         artifact   manifest   manifests     bytes
//! ```
//!
//! A backup is an artifact with a manifest beside it ([`crate::artifact::manifest`]). The artifact is
//! written first and deleted last, so that a manifest never promises what is not there. Whoever writes
//! or deletes holds the store meanwhile ([`Hold`]), and notes where: what he leaves half done if he
//! dies is removed by the next one.
//!
//! `opendal` speaks to the stores. Beside it `object_store` was weighed: both have multipart uploads,
//! conditional writes, ranges and about as many dependencies (155 and 146 crates for files and S3,
//! most of them already here). `opendal` also copies objects of more than 5 GiB inside the store, and
//! lets us bring our own HTTP client, and with it our own certificates, time limits and retries;
//! `object_store` would have brought `aws-lc` and a second crate for dates. Of the other services that
//! it speaks, WebDAV and Google Drive take an object only as one piece, so that an artifact would have
//! to fit into memory: they are not offered. Neither library lists unfinished uploads: see `stale`.
//! What it leaves to us on a file system, lasting through a power cut, is in `folder`.

mod backend;
mod catalogue;
mod commit;
mod fetch;
mod folder;
mod hold;
mod keys;
mod lease;
mod patience;
mod probe;
mod read;
mod remote;
mod renewed;
mod rules;
mod stale;
mod tail;
mod transport;
mod trouble;
mod upload;
mod xml;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use opendal::{ErrorKind, Operator};

use crate::config::{Place, StoreSpec};
use crate::error::{Error, Result};
use backend::Remote;
use trouble::Doing;

pub use catalogue::{Backup, Catalogue, Damaged, Which};
pub use hold::Hold;
pub use lease::{Acquired, Lease};
pub use patience::Patience;
pub use probe::Probe;
pub use read::Reading;
pub use renewed::{LASTING, Renewed};
pub use upload::{Stored, Upload};

/// Larger objects are copied in parts, so that the store answers in time.
const COPIED_AT_ONCE: usize = 256 << 20;

/// More than any manifest or lease has.
const SMALL: u64 = 16 << 20;

/// A place for backups. Clones share connections.
#[derive(Clone)]
pub struct Store {
    spec: Arc<StoreSpec>,
    operator: Operator,
    /// None for a folder.
    remote: Option<Arc<Remote>>,
    patience: Patience,
}

/// An object of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Below the store's prefix.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Store {
    /// Nothing is sent yet, but a folder must be there.
    pub fn open(spec: &StoreSpec, patience: Patience) -> Result<Self> {
        let (operator, remote) = backend::open(spec, patience)?;
        Ok(Self {
            spec: Arc::new(spec.clone()),
            operator,
            remote: remote.map(Arc::new),
            patience,
        })
    }

    /// The configuration's name for it.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// As the operator would look for it: with the prefix, or as a path.
    pub fn shown(&self, key: &str) -> String {
        match &self.spec.place {
            Place::Fs { path } => path.join(self.full(key)).display().to_string(),
            Place::S3(_) => self.full(key),
        }
    }

    /// Writes an object whole, in place of what was there. It is there entirely or not at all.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let landing = self.landing(key);
        let written = self.operator.write(&landing, bytes).await;
        let landed = match written {
            Ok(_) => self.land(&landing, key).await,
            Err(error) => Err(self.trouble(Doing::Write, key, error)),
        };
        if landed.is_err() {
            self.forget(&landing, key).await;
        }
        landed
    }

    /// Reads an object of at most 16 MiB.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>> {
        let bytes = self.read(key, 0..SMALL).await?.collect().await?;
        if bytes.len() as u64 == SMALL {
            let message = format!("{} is too large for what it should be", self.shown(key));
            return Err(Error::run("object-too-large", message));
        }
        Ok(bytes)
    }

    /// How many bytes an object has; none if there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        match self.operator.stat(&self.full(key)).await {
            Ok(found) => Ok(Some(found.content_length())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.trouble(Doing::Read, key, error)),
        }
    }

    /// What lies in a folder ("daily/"), without what lies in folders below it, sorted by key.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let failed = |error| self.trouble(Doing::List, folder, error);
        let whole = self.full(folder);
        let mut entries = self.operator.lister(&whole).await.map_err(failed)?;
        let mut objects = Vec::new();
        while let Some(entry) = entries.try_next().await.map_err(failed)? {
            if entry.metadata().is_file()
                && let Some(name) = entry.path().strip_prefix(&whole)
            {
                objects.push(Object {
                    key: format!("{folder}{name}"),
                    size: entry.metadata().content_length(),
                });
            }
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// Copies inside the store; the bytes do not pass through here.
    pub async fn copy(&self, from: &str, to: &str) -> Result<()> {
        if self.is_folder() {
            return self.copy_file(from, to).await;
        }
        let (source, target) = (self.full(from), self.full(to));
        let copied = self
            .operator
            .copy_with(&source, &target)
            .chunk(COPIED_AT_ONCE);
        copied
            .await
            .map_err(|error| self.trouble(Doing::Copy, to, error))?;
        Ok(())
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let deleted = self.operator.delete(&self.full(key)).await;
        deleted.map_err(|error| self.trouble(Doing::Delete, key, error))?;
        self.settle(key).await
    }

    /// What it was configured with.
    pub fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn is_folder(&self) -> bool {
        self.remote.is_none()
    }

    /// The folder of a store on a file system.
    fn folder(&self) -> &Path {
        match &self.spec.place {
            Place::Fs { path } => path,
            Place::S3(_) => Path::new(""),
        }
    }

    /// Before further tries of what has failed in passing. A disk gets none.
    fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let tries = if self.is_folder() { 0 } else { usize::MAX };
        self.patience.delays().take(tries)
    }

    /// Seconds that the store's clock is ahead.
    fn skew(&self) -> i64 {
        self.remote
            .as_ref()
            .map_or(0, |remote| remote.skew.seconds())
    }

    /// The key with the prefix.
    fn full(&self, key: &str) -> String {
        match self.spec.prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.spec.name).finish()
    }
}

#[cfg(test)]
mod tests;
