//! The manifest of the published file: without stores there is no other place for it.
//!
//! It is written under another name before the artifact is published, and gets its own after that.
//! Whoever comes after a crash can tell from the two what has happened.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Service, kept};
use crate::artifact::Spool;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::history::{Artifact, State};

/// A manifest whose artifact is about to be published. Dropped, nothing was.
pub(super) struct Foretold {
    new: PathBuf,
}

impl Foretold {
    /// The artifact was published: this is its manifest now. That much is true even if it cannot be
    /// said.
    pub(super) fn come_true(self) {
        let path = self.new.with_extension("json");
        if let Err(error) = fs::rename(&self.new, &path) {
            tracing::error!(path = %path.display(), %error, "the backup was published, but its manifest cannot be kept: it cannot be restored or verified by this sidecar");
        }
    }
}

impl Drop for Foretold {
    fn drop(&mut self) {
        // It is gone if it came true.
        let _ = fs::remove_file(&self.new);
    }
}

impl Service {
    pub(super) fn published_manifest(&self) -> PathBuf {
        self.state_folder().join("published.manifest.json")
    }

    /// Writes down what is about to be published.
    pub(super) fn foretell(&self, manifest: &Manifest) -> Result<Foretold> {
        let new = self.published_manifest().with_extension("new");
        let foretold = Foretold { new };
        File::create(&foretold.new)
            .and_then(|mut file| {
                file.write_all(&manifest.to_json())?;
                file.sync_all()
            })
            .map_err(|error| Error::io("write", &foretold.new, error))?;
        Ok(foretold)
    }

    /// Finishes what a run that was killed has begun: its artifact is published, or it is not. Before
    /// anything of it is removed, and only by the holder of the lock.
    pub(super) fn finish_published(&self, folder: &Path) {
        let path = self.published_manifest();
        let new = path.with_extension("new");
        if let Some(manifest) = read(&new) {
            let published = !Spool::is_left(folder, &manifest.id) && self.lies_there(&manifest);
            let done = match published {
                true => fs::rename(&new, &path),
                false => fs::remove_file(&new),
            };
            if let Err(error) = done {
                tracing::warn!(path = %new.display(), %error, "cannot tidy up after a run that was killed");
            }
        }
        let unfinished = |manifest: &Manifest| {
            let run = self.history().get(&manifest.id)?;
            (!run.state.is_over() && self.lies_there(manifest)).then_some(run)
        };
        if let Some(manifest) = read(&path)
            && let Some(mut run) = unfinished(&manifest)
        {
            let artifact = self.artifact_of(&manifest);
            if self.kept_artifact(&run).is_none() {
                // Whoever asked for it has not got it.
                kept::keep(folder, &run.id, &artifact.path);
            }
            run.end_at(manifest.finished_at, State::Succeeded, Ok(Some(artifact)));
            self.history().record(&run);
        }
    }

    fn lies_there(&self, manifest: &Manifest) -> bool {
        let artifact = self.artifact_of(manifest);
        fs::metadata(&artifact.path).is_ok_and(|facts| facts.len() == artifact.size)
    }

    fn artifact_of(&self, manifest: &Manifest) -> Artifact {
        let contents = &manifest.artifact;
        Artifact {
            path: self.config().paths.artifacts.join(&contents.filename),
            filename: contents.filename.clone(),
            format: contents.format.clone(),
            content_type: contents.content_type.clone(),
            size: contents.size,
            sha256: contents.sha256.to_string(),
        }
    }
}

fn read(path: &Path) -> Option<Manifest> {
    Manifest::from_json(&fs::read(path).ok()?).ok()
}
