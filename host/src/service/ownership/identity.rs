//! The id of this sidecar, which lies beside its artifacts.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::fs_atomic::{self, AtomicFile};
use crate::store::OwnerId;

/// Where the id is kept.
pub(super) struct Identity {
    folder: PathBuf,
}

impl Identity {
    pub(super) fn new(state_folder: PathBuf) -> Self {
        Self {
            folder: state_folder,
        }
    }

    /// The id, if there is one. What is none counts as nothing: the stores say whose they are, too, and a
    /// damaged file keeps no backup from being made or restored.
    pub(super) fn read(&self) -> Result<Option<OwnerId>> {
        let path = self.path();
        match fs::metadata(&path) {
            // To open a pipe may wait for ever.
            Ok(found) if !found.is_file() => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path, error)),
        }
        let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
        Ok(OwnerId::parse(String::from_utf8_lossy(&bytes).trim()))
    }

    /// Writes down `id`, unless another process was faster. Returns the one that stands there then.
    pub(super) fn remember(&self, id: &OwnerId) -> Result<OwnerId> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| Error::io("create", &self.folder, error))?;
        let written = self.write(id, AtomicFile::commit_new);
        if let Some(id) = self.read()? {
            return Ok(id);
        }
        let path = self.path();
        if fs::symlink_metadata(&path).is_err() {
            written?;
        }
        tracing::warn!(path = %path.display(), owner = id.short(), "this did not hold the id of a sidecar: written anew");
        self.replace(id)?;
        Ok(id.clone())
    }

    /// Writes down `id` in place of the one that stood there.
    pub(super) fn replace(&self, id: &OwnerId) -> Result<()> {
        let path = self.path();
        if path.is_dir() {
            let aside = self.folder.join(format!("owner.aside.{}", Uuid::now_v7()));
            fs_atomic::rename(&path, &aside)?;
        }
        self.write(id, AtomicFile::commit)
    }

    fn write(
        &self,
        id: &OwnerId,
        commit: impl FnOnce(AtomicFile) -> Result<(), crate::fs_atomic::PublishError>,
    ) -> Result<()> {
        let temporary = self
            .folder
            .join(format!(".owner.{}.partial", std::process::id()));
        let mut file = AtomicFile::create_as(temporary, &self.path(), 0o600)?;
        file.write(format!("{id}\n").as_bytes())?;
        Ok(commit(file)?)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("owner")
    }
}
