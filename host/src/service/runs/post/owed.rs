//! What a run that was killed owes: its `post`.

use std::path::Path;

use super::lines::{self, PostLines};
use super::note::PostNote;
use crate::config::Config;
use crate::error::Error;
use crate::service::runs::guards::OrphanReaper;

/// Whether an earlier run owes its `post`.
pub(in crate::service) fn is_owed(folder: &Path) -> bool {
    PostNote::read(folder).is_some()
}

/// The warning that an earlier run owes its `post`.
pub(in crate::service) fn warning(folder: &Path) -> Option<Error> {
    let note = PostNote::read(folder)?;
    let message = format!(
        "run {} was killed at or after {:.0} before its post had run: what its pre has stopped may still be stopped",
        note.run, note.since
    );
    Some(
        Error::run("post-owed", message)
            .hint("the next start of `sidecar serve` or `sidecar backup` runs it"),
    )
}

/// Runs what a run that was killed has not, with the run lock held. Lines that are no longer in the
/// configuration are not run: the note is no authority.
pub(in crate::service) fn run_owed(config: &Config, folder: &Path) {
    let Some(mut note) = PostNote::read(folder) else {
        return;
    };
    let known = lines::of(config);
    let (lines, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut note.post)
        .into_iter()
        .partition(|line| known.contains(line));
    for line in unknown {
        tracing::error!(
            line,
            "a run that was killed owes this line of post, which is no longer in the configuration: it is not run"
        );
    }
    tracing::warn!(
        id = note.run,
        "an earlier run was killed before its post: running it now"
    );
    let post = PostLines::new(config, note.drive_folder_id.as_deref());
    note.post.clone_from(&lines);
    let _orphans = OrphanReaper;
    // Each failure was logged.
    let _ = post.run(&lines, "failed", || {
        note.post.remove(0);
        written(&note, folder);
    });
    note.post.clear();
    written(&note, folder);
}

/// A failure is logged: then lines may run once more.
pub(super) fn written(note: &PostNote, folder: &Path) {
    if let Err(error) = note.write(folder) {
        tracing::error!(
            hint = error.hint_text(),
            "cannot note what post has done: {error}"
        );
    }
}
