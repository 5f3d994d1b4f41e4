//! The upload journal: an artifact that is about to be published, and to go into stores. What a killed run has left here
//! is a missed upload, whether or not the artifact had its name.

use std::fs;
use std::path::{Path, PathBuf};

use super::missed_uploads::{MissedUpload, STAGED, folder, remove};
use crate::artifact::Spool;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::history::RunArtifact;

/// An artifact on its way into stores. Dropped, it has not to be sent: every store has it, or none is to have it.
pub(in crate::service) struct JournaledUpload {
    folder: PathBuf,
    upload: MissedUpload,
    /// A later run sends it.
    waits: bool,
}

/// Gives the artifact a second name, and writes down what it is. Where that cannot be, a crash may cost the backup.
pub(in crate::service) fn stage(
    state: &Path,
    spool: &Spool,
    manifest: &Manifest,
    stores: Vec<String>,
) -> JournaledUpload {
    let journaled = JournaledUpload {
        folder: folder(state),
        upload: MissedUpload {
            manifest: manifest.clone(),
            stores,
        },
        waits: false,
    };
    if let Err(error) = journaled.write(spool) {
        let code = error.code();
        tracing::warn!(
            code,
            "a crash before every store has the backup would cost it: {error}"
        );
    }
    journaled
}

impl JournaledUpload {
    fn write(&self, spool: &Spool) -> Result<()> {
        create(&self.folder)?;
        spool.link(&self.upload.bytes(&self.folder))?;
        let staged = self.staged();
        Ok(fs_atomic::write(&staged, &self.upload.to_json()?, 0o666)?)
    }

    /// These stores have missed it: it waits for the next try. `artifact` is what was published.
    pub(in crate::service) fn missed(
        mut self,
        artifact: &RunArtifact,
        stores: Vec<String>,
    ) -> Result<()> {
        create(&self.folder)?;
        let bytes = self.upload.bytes(&self.folder);
        if !bytes.exists() {
            fs::hard_link(&artifact.path, &bytes)
                .map_err(|error| Error::io("link", &bytes, error))?;
        }
        self.upload.stores = stores;
        self.upload.write(&self.folder)?;
        self.waits = true;
        Ok(())
    }

    fn staged(&self) -> PathBuf {
        self.upload.bytes(&self.folder).with_extension(STAGED)
    }
}

impl Drop for JournaledUpload {
    fn drop(&mut self) {
        // The bytes first: without them, what is written down means nothing.
        let bytes = (!self.waits).then(|| self.upload.bytes(&self.folder));
        for path in bytes.into_iter().chain([self.staged()]) {
            if let Err(error) = remove(&path) {
                tracing::warn!(code = error.code(), "{error}");
            }
        }
    }
}

/// What a run that was killed has left becomes a missed upload. Only with the run lock held.
pub(in crate::service) fn recover(state: &Path) {
    let entries = fs::read_dir(folder(state)).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for staged in paths.filter(|path| path.extension().is_some_and(|ending| ending == STAGED)) {
        let is_whole = staged.with_extension("").exists();
        let done = match is_whole {
            true => fs_atomic::rename(&staged, &staged.with_extension("json")).map_err(Error::from),
            false => remove(&staged),
        };
        let path = staged.display();
        match done {
            Ok(()) if is_whole => {
                tracing::warn!(%path, "a run ended before every store had its backup: it will be sent");
            }
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%path, %error, "cannot tidy up after a run that was killed");
            }
        }
    }
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))
}
