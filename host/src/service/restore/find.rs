//! Which backup, and where it lies.

use std::fs;
use std::path::PathBuf;

use crate::artifact::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::service::Service;
use crate::store::Backup;

/// A backup that can be brought back.
pub(super) struct Found {
    pub(super) manifest: Manifest,
    pub(super) place: Place,
}

/// Where it lies.
pub(super) enum Place {
    /// In stores: its copies, in the order in which they are to be tried.
    Stores(Vec<Backup>),
    /// Here: the artifact that was published last.
    File(PathBuf),
}

impl Service {
    /// Finds a backup in the stores; without stores, what this sidecar published last.
    pub(super) fn find_backup(&self, which: &str) -> Result<Found> {
        match self.config().stores.is_empty() {
            true => self.find_published(which),
            false => self.find_stored(which),
        }
    }

    fn find_stored(&self, which: &str) -> Result<Found> {
        let copies = self.copies(which)?;
        let first = copies.first();
        let first = first.ok_or_else(|| Error::run("internal", "a backup without a copy"))?;
        Ok(Found {
            manifest: first.manifest.clone(),
            place: Place::Stores(copies),
        })
    }

    fn find_published(&self, which: &str) -> Result<Found> {
        let path = self.published_manifest();
        let text = fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::new(
                Kind::NotFound,
                "no-backup",
                "this sidecar has published no backup yet, and no store is configured",
            )
            .hint("`sidecar backup` makes one; `stores` keep more than the last"),
            _ => Error::io("read", &path, error),
        })?;
        let manifest = Manifest::from_json(&text)?;
        if which != "latest" && !manifest.id.starts_with(which) {
            return Err(Error::new(
                Kind::NotFound,
                "no-such-backup",
                format!(
                    "only the last backup, {}, is kept without stores, and it is not {which}",
                    manifest.id
                ),
            )
            .hint("`latest` restores the last one; add `stores` to keep more"));
        }
        let place = self
            .config()
            .paths
            .artifacts
            .join(&manifest.artifact.filename);
        Ok(Found {
            manifest,
            place: Place::File(place),
        })
    }
}
