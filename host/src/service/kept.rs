//! Artifacts that wait for somebody to fetch them.
//!
//! A second name for the published file, in the state folder: the next run's artifact, which takes
//! the first name, does not take the bytes away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use super::Service;
use crate::clock;
use crate::history::Run;

/// How long an artifact that was sent stays, unless the next backup begins: its last bytes may have been
/// on their way when the client died, who then asks again.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The ending of these names; before it stands the run's id.
const KEPT: &str = "artifact";

impl Service {
    /// The artifact of `run`, if it is still kept.
    pub fn kept_artifact(&self, run: &Run) -> Option<File> {
        File::open(name(&self.state_folder(), &run.id)).ok()
    }

    /// All of the artifact was sent to somebody, who may not have got it: it is kept a little longer.
    pub fn sent(&self, id: &str) {
        if !self.history().delivered(id) {
            // Nobody would know when to remove it.
            discard(&self.state_folder(), id);
        }
    }

    /// Somebody has it: it is not kept any longer.
    pub fn delivered(&self, id: &str) {
        self.history().delivered(id);
        discard(&self.state_folder(), id);
    }

    /// Removes what was sent a while ago, and what nobody has fetched in time.
    pub fn remove_expired(&self) {
        self.remove_kept(AGAIN);
    }

    /// The same before a backup, which needs the room: whoever asks again then gets the next one.
    pub(super) fn make_room(&self) {
        self.remove_kept(SignedDuration::ZERO);
    }

    fn remove_kept(&self, again: SignedDuration) {
        let entries = fs::read_dir(self.state_folder()).into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|ending| ending != KEPT) {
                continue;
            }
            if let Some(why) = self.expired(&path, again) {
                tracing::info!(path = %path.display(), "removing an artifact: {why}");
                remove(&path);
            }
        }
    }

    fn expired(&self, path: &Path, again: SignedDuration) -> Option<&'static str> {
        let run = || self.history().get(path.file_stem()?.to_str()?);
        if let Some(at) = run().and_then(|run| run.delivered_at) {
            return (clock::now().duration_since(at) >= again).then_some("it was fetched");
        }
        let age = fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()?;
        (age > self.config().paths.keep_undelivered)
            .then_some("nobody has fetched it within paths.keep_undelivered")
    }
}

/// Keeps the file at `published` for whoever fetches it.
pub(super) fn keep(folder: &Path, id: &str, published: &Path) {
    if let Err(error) = fs::hard_link(published, name(folder, id)) {
        tracing::warn!(path = %published.display(), %error, "this file system has no hard links: the artifact can be fetched only while its run is answered");
    }
}

/// Nobody can fetch it any more.
pub(super) fn discard(folder: &Path, id: &str) {
    remove(&name(folder, id));
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an artifact that is not kept any longer");
    }
}

fn name(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.{KEPT}"))
}
