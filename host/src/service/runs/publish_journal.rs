//! The publish journal: the manifest of the published file, which without stores has no other place.
//!
//! It is written under another name before the artifact is published, and gets its own after that.
//! After a crash the two names tell what has happened.

use std::fs;
use std::path::{Path, PathBuf};

use super::download_cache;
use super::omissions::recorded;
use crate::artifact::Spool;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::history::{History, RunArtifact, RunState};

/// A manifest whose artifact is about to be published. Dropped, nothing was.
pub(in crate::service) struct PendingManifest {
    staged: PathBuf,
}

/// Writes down what is about to be published.
pub(in crate::service) fn stage(folder: &Path, manifest: &Manifest) -> Result<PendingManifest> {
    let manifest_file = PendingManifest {
        staged: staged_path(folder),
    };
    fs_atomic::write(&manifest_file.staged, &manifest.to_json(), 0o666)?;
    Ok(manifest_file)
}

impl PendingManifest {
    /// The artifact was published: this is its manifest now. A failure does not undo that: it is logged.
    pub(in crate::service) fn commit(self) {
        let path = self.staged.with_extension("json");
        if let Err(error) = fs_atomic::rename(&self.staged, &path).map_err(Error::from) {
            tracing::error!(path = %path.display(), %error, "the backup was published, but its manifest cannot be stored: it cannot be restored or verified by this sidecar");
        }
    }
}

impl Drop for PendingManifest {
    fn drop(&mut self) {
        // A committed one has no file under this name any more.
        let _ = fs::remove_file(&self.staged);
    }
}

/// Where the manifest of the published artifact lies.
pub(in crate::service) fn manifest_path(folder: &Path) -> PathBuf {
    folder.join("published.manifest.json")
}

/// Finishes what a run that was killed has begun: its artifact is published, or it is not. Runs
/// before leftovers are removed, and only with the run lock held.
pub(in crate::service) fn recover(history: &History, artifacts: &Path, folder: &Path) {
    let (path, staged) = (manifest_path(folder), staged_path(folder));
    if let Some(manifest) = read(&staged) {
        let complete = !Spool::is_left(folder, &manifest.id) && is_published(artifacts, &manifest);
        let done = match complete {
            true => fs_atomic::rename(&staged, &path).map_err(Error::from),
            false => fs::remove_file(&staged).map_err(|error| Error::io("remove", &staged, error)),
        };
        if let Err(error) = done {
            tracing::warn!(path = %staged.display(), %error, "cannot tidy up after a run that was killed");
        }
    }
    let unfinished = |manifest: &Manifest| {
        let run = history.get(&manifest.id)?;
        (!run.state.is_over() && is_published(artifacts, manifest)).then_some(run)
    };
    if let Some(manifest) = read(&path)
        && let Some(mut run) = unfinished(&manifest)
    {
        let artifact = artifact_of(artifacts, &manifest);
        if download_cache::open(folder, &run.id).is_none() {
            // The client that asked for it has not received it.
            download_cache::add(folder, &run.id, &artifact.path);
        }
        run.end_at(
            manifest.finished_at,
            RunState::Succeeded,
            Ok(Some(artifact)),
        );
        history.record(&run);
    }
}

fn staged_path(folder: &Path) -> PathBuf {
    manifest_path(folder).with_extension("new")
}

fn is_published(artifacts: &Path, manifest: &Manifest) -> bool {
    let artifact = artifact_of(artifacts, manifest);
    fs::metadata(&artifact.path).is_ok_and(|facts| facts.len() == artifact.size)
}

fn artifact_of(artifacts: &Path, manifest: &Manifest) -> RunArtifact {
    let contents = &manifest.artifact;
    RunArtifact {
        path: artifacts.join(&contents.filename),
        filename: contents.filename.clone(),
        format: contents.format.clone(),
        content_type: contents.content_type.clone(),
        size: contents.size,
        sha256: contents.sha256.to_string(),
        omissions: recorded(&manifest.omissions),
    }
}

fn read(path: &Path) -> Option<Manifest> {
    Manifest::from_json(&fs::read(path).ok()?).ok()
}
