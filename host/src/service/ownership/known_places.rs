//! The places where a claim was seen: one that is empty afterwards, and another folder than it was, is a
//! volume that is not mounted. It is not to be taken for a new store.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::{Place, StoreSpec};
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::store::Store;

/// A file for each place, which says for people where that is.
pub(super) struct KnownPlaces {
    folder: PathBuf,
}

impl KnownPlaces {
    pub(super) fn new(state_folder: &Path) -> Self {
        Self {
            folder: state_folder.join("claimed"),
        }
    }

    /// Writes down that the store has an owner.
    pub(super) fn remember(&self, spec: &StoreSpec) -> Result<()> {
        let path = self.file(spec);
        let text = format!("{}\n{}\n", spec.location(), folder(spec));
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            return Ok(());
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| Error::io("create", &self.folder, error))?;
        Ok(fs_atomic::write(&path, text.as_bytes(), 0o600)?)
    }

    /// Fails if the store, which has no owner now, had one, has no backup any more, and is another folder
    /// than it was. One that was emptied where it lies takes backups again, which is said.
    pub(super) async fn require_kept(&self, store: &Store) -> Result<()> {
        let (spec, name) = (store.spec(), store.name());
        let Ok(known) = fs::read_to_string(self.file(spec)) else {
            return Ok(());
        };
        if !store.catalogue().await?.backups.is_empty() {
            return Ok(());
        }
        let message = format!("store `{name}` was in use, and is empty now");
        if known.lines().nth(1) == Some(folder(spec).as_str()) {
            tracing::warn!(store = name, code = "store-emptied", "{message}");
            return Ok(());
        }
        Err(Error::run("store-emptied", message).hint(format!(
            "mount it, or `sidecar adopt {name}` if it is to begin anew"
        )))
    }

    fn file(&self, spec: &StoreSpec) -> PathBuf {
        let hash = Sha256::digest(spec.location().as_bytes());
        let digits = hash[..16].iter().map(|byte| format!("{byte:02x}"));
        self.folder.join(digits.collect::<String>())
    }
}

/// Which folder it is: a mount point shows another one while nothing is mounted. A bucket is always itself.
fn folder(spec: &StoreSpec) -> String {
    match &spec.place {
        Place::S3(_) => "bucket".to_owned(),
        Place::Fs { path } => fs::metadata(path).map_or_else(
            |_| "missing".to_owned(),
            |found| format!("device {} inode {}", found.dev(), found.ino()),
        ),
    }
}
