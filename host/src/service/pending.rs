//! Backups that a store has missed: kept here until it has them.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Service;
use super::parcel::{Address, Parcel, owner};
use crate::artifact::Growth;
use crate::artifact::manifest::Manifest;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::history::Artifact;
use crate::store::{Patience, Store};

/// What is written down beside the bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    manifest: Manifest,
    /// The stores that have missed it.
    stores: Vec<String>,
}

impl Pending {
    /// Keeps the artifact under a second name, which the next run does not replace.
    pub(super) fn keep(
        state: &Path,
        artifact: &Artifact,
        manifest: &Manifest,
        stores: Vec<String>,
    ) -> Result<PathBuf> {
        let folder = folder(state);
        fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, error))?;
        let bytes = folder.join(&manifest.id);
        fs::hard_link(&artifact.path, &bytes).map_err(|error| Error::io("keep", &bytes, error))?;
        let pending = Self {
            manifest: manifest.clone(),
            stores,
        };
        pending.write(&folder)?;
        Ok(artifact.path.clone())
    }

    fn write(&self, folder: &Path) -> Result<()> {
        let path = self.file(folder);
        let partial = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::run(
                "internal",
                format!("cannot write down a pending upload: {error}"),
            )
        })?;
        fs::write(&partial, text)
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|error| Error::io("write", &path, error))
    }

    fn forget(&self, folder: &Path) -> Result<()> {
        for path in [self.file(folder), folder.join(&self.manifest.id)] {
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        }
        Ok(())
    }

    fn file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.json", self.manifest.id))
    }
}

impl Service {
    /// Sends what stores have missed, oldest first. Returns how many backups are complete now; what
    /// still fails is the error, after everything was tried.
    pub fn upload_pending(&self) -> Result<usize> {
        let _turn = self.turn()?;
        self.send_pending(&Cancel::new())
    }

    /// The same when it is our turn already.
    pub(super) fn send_pending(&self, cancel: &Cancel) -> Result<usize> {
        let folder = folder(&self.state_folder());
        let mut complete = 0;
        let mut failed = None;
        for mut pending in read_all(&folder)? {
            let mut missed = Vec::new();
            for name in std::mem::take(&mut pending.stores) {
                match self.send(&pending.manifest, &folder, &name, cancel) {
                    Ok(keys) => tracing::info!(store = name, ?keys, "sent what it had missed"),
                    Err(error) => {
                        missed.push(name);
                        failed.get_or_insert(error);
                    }
                }
            }
            if missed.is_empty() {
                self.unpublish(&pending.manifest, &folder)?;
                pending.forget(&folder)?;
                complete += 1;
            } else {
                pending.stores = missed;
                pending.write(&folder)?;
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(complete),
        }
    }

    fn send(
        &self,
        manifest: &Manifest,
        folder: &Path,
        name: &str,
        cancel: &Cancel,
    ) -> Result<Vec<String>> {
        let spec = self
            .config()
            .stores
            .iter()
            .find(|spec| spec.name == name)
            .ok_or_else(|| {
                Error::run(
                    "no-such-store",
                    format!("the store {name} is no longer configured"),
                )
                .hint("configure it again, or remove the pending upload by hand")
            })?;
        let path = folder.join(&manifest.id);
        let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
        self.runtime()?.block_on(async {
            let store = Store::open(spec, Patience::RUN)?;
            let address = Address {
                filename: &manifest.artifact.filename,
                started_at: manifest.started_at,
                // Not the run's own: that may be at work in this store at the same time.
                owner: &owner(&Uuid::now_v7().to_string()),
            };
            let growth = Growth::whole(file, manifest.artifact.size);
            let parcel = Parcel::begin(store, address, growth).await?;
            self.arrive(parcel, manifest, cancel).await
        })
    }
}

impl Service {
    /// Removes the published file, unless it is a later run's.
    fn unpublish(&self, manifest: &Manifest, folder: &Path) -> Result<()> {
        let published = self
            .config()
            .paths
            .artifacts
            .join(&manifest.artifact.filename);
        let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let kept = fs::metadata(folder.join(&manifest.id));
        if let (Ok(kept), Ok(there)) = (kept, fs::metadata(&published))
            && same(kept, there)
        {
            fs::remove_file(&published).map_err(|error| Error::io("remove", &published, error))?;
        }
        Ok(())
    }
}

fn folder(state: &Path) -> PathBuf {
    state.join("pending")
}

/// Those that are written down whole, oldest first: ids sort by time.
fn read_all(folder: &Path) -> Result<Vec<Pending>> {
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("read", folder, error)),
    };
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files
        .iter()
        .map(|path| {
            let text = fs::read(path).map_err(|error| Error::io("read", path, error))?;
            serde_json::from_slice(&text).map_err(|error| {
                Error::run(
                    "pending-damaged",
                    format!("{} cannot be read: {error}", path.display()),
                )
                .hint("the artifact lies beside it: put it into the store by hand, and remove both")
            })
        })
        .collect()
}
