//! What this sidecar knows of its backups beside what the stores say: its journal, and what it has yet to
//! send. With it, a manifest that was deleted is told from an upload that broke off, and a store that is
//! away from one that has nothing new.

use super::missed_uploads::{folder, read_all};
use crate::error::{Error, Result};
use crate::history::{Run, RunState};
use crate::service::context::Context;
use crate::store::{Catalogue, DamageExtent, Store, StoredBackup, UnfinishedArtifact, is_dated_at};

/// Runs that are looked through for the one that made an artifact.
const LOOKED_THROUGH: usize = 10_000;

/// Counts artifacts without a manifest as damaged whose backup was complete, as the journal knows.
pub(super) fn find_lost_manifests(
    context: &Context,
    store: &Store,
    catalogue: &mut Catalogue,
) -> Result<()> {
    if catalogue.unfinished.is_empty() {
        return Ok(());
    }
    let made = context.history().own_backups(None, LOOKED_THROUGH);
    let made: Vec<&Run> = made
        .iter()
        .filter(|run| run.state == RunState::Succeeded)
        .collect();
    for artifact in std::mem::take(&mut catalogue.unfinished) {
        let was_backup = made.iter().any(|run| made_by(run, &artifact));
        let runtime = context.runtime()?;
        match was_backup && runtime.block_on(store.has_lost_manifest(&artifact)) {
            true => catalogue.damaged.push(artifact.without_its_manifest()),
            false => catalogue.unfinished.push(artifact),
        }
    }
    Ok(())
}

/// Fails if `newest` is not the newest backup, as far as is known here: that one is in none of the stores
/// that answer, and some do not.
pub(super) fn require_newest(
    context: &Context,
    catalogue: &Catalogue,
    newest: &StoredBackup,
) -> Result<()> {
    let mut damaged = catalogue.damaged.iter();
    let Some(away) = damaged.find(|damaged| damaged.extent == DamageExtent::Store) else {
        return Ok(());
    };
    let is_seen = |id: &str| {
        let mut backups = catalogue.backups.iter();
        backups.any(|backup| backup.manifest.id == id)
    };
    let last = context.history().last(RunState::Succeeded);
    let last = last.map(|run| (run.id, run.queued_at));
    // A run that one store has missed is no success, but a backup in the others.
    let missed = read_all(&folder(&context.state_folder()))?.whole;
    let missed = missed.into_iter().map(|missed| {
        let manifest = missed.manifest;
        (manifest.id, manifest.started_at)
    });
    let missed = missed.filter(|(_, at)| *at > newest.manifest.started_at);
    let Some((id, at)) = missed.chain(last).find(|(id, _)| !is_seen(id)) else {
        return Ok(());
    };
    let (store, error) = (&away.store, &away.error);
    let message = format!(
        "the newest backup, {id} of {at:.0}, is in no store that answers; store `{store}` does not: {error}"
    );
    Err(Error::run("newest-unseen", message).hint(
        "make that store reachable, or name an older backup by its id: `sidecar list` shows them",
    ))
}

fn made_by(run: &Run, artifact: &UnfinishedArtifact) -> bool {
    run.artifact.as_ref().is_some_and(|made| {
        made.size == artifact.size && is_dated_at(&artifact.key, &made.filename, run.queued_at)
    })
}
