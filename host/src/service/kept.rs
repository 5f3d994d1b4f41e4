//! Artifacts that wait for somebody to fetch them.
//!
//! A second name for the published file, in the state folder: the next run's artifact, which takes
//! the first name, does not take the bytes away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Service;
use crate::history::Run;

/// The ending of these names; before it stands the run's id.
const KEPT: &str = "artifact";

impl Service {
    /// The artifact of `run`, if it is still kept.
    pub fn kept_artifact(&self, run: &Run) -> Option<File> {
        File::open(name(&self.state_folder(), &run.id)).ok()
    }

    /// Somebody has got all of the artifact: it is not kept any longer.
    pub fn delivered(&self, id: &str) {
        let path = name(&self.state_folder(), id);
        match fs::remove_file(&path) {
            Ok(()) => self.history().delivered(id),
            // Another client was faster, or its time was over.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot remove a delivered artifact");
            }
        }
    }

    /// Removes what nobody fetched in time.
    pub fn remove_expired(&self) {
        remove_expired(&self.state_folder(), self.config().paths.keep_undelivered);
    }
}

/// Keeps the file at `published` for whoever fetches it.
pub(super) fn keep(folder: &Path, id: &str, published: &Path) {
    if let Err(error) = fs::hard_link(published, name(folder, id)) {
        tracing::warn!(path = %published.display(), %error, "this file system has no hard links: the artifact can be fetched only while its run is answered");
    }
}

/// Nobody can fetch it: its run has failed after all.
pub(super) fn discard(folder: &Path, id: &str) {
    let path = name(folder, id);
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove the artifact of a failed run");
    }
}

/// Removes what was written more than `limit` ago.
pub(super) fn remove_expired(folder: &Path, limit: Duration) {
    for path in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        let written = fs::metadata(&path).and_then(|facts| facts.modified());
        let expired = written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > limit));
        if expired && path.extension().is_some_and(|ending| ending == KEPT) {
            tracing::info!(path = %path.display(), "removing an artifact that nobody has fetched within paths.keep_undelivered");
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "cannot remove it");
            }
        }
    }
}

fn name(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.{KEPT}"))
}
