//! A repository after backups of it have gone: their snapshots, and the bytes that nothing needs any more.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::error::{Error, Result};
use crate::repository::{SnapshotChoice, note_unnamed, prune, was_pruned_at};
use crate::schedule::Schedule;
use crate::service::retention_rules::RetentionRules;
use crate::store::{Catalogue, Store, StoreLock};

/// Why a repository is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum PruneOccasion {
    /// A run has ended: bytes are removed if their time has come.
    Run,
    /// An operator wants it.
    Asked,
}

/// Removes the snapshots whose manifests were deleted under `lock`, and then, if it is time, the bytes that no snapshot
/// names. Does nothing in a store without a repository.
pub(in crate::service) async fn tidy(
    rules: &RetentionRules,
    store: &Store,
    lock: &StoreLock,
    occasion: PruneOccasion,
) -> Result<()> {
    let Some(spec) = store.spec().repository() else {
        return Ok(());
    };
    let unnamed = note_unnamed(store, lock.unnamed_snapshots()).await?;
    if !lock.is_exclusive() {
        // Another sidecar may be at work there.
        return Err(left_undone(
            store,
            "the store cannot be locked against other sidecars",
        ));
    }
    let catalogue = store.catalogue().await?;
    if store.shared(&catalogue).is_some() {
        // That was said, and nothing is deleted there.
        return Ok(());
    }
    let time = rules.time(store, &catalogue.backups, None);
    if let Some(doubt) = time.doubt {
        return Err(left_undone(store, doubt.message()));
    }
    let choice = SnapshotChoice {
        named: named(store, &catalogue)?,
        unnamed,
    };
    let bytes = match occasion {
        PruneOccasion::Asked => true,
        PruneOccasion::Run => {
            let last = was_pruned_at(store).await;
            is_due(&spec.prune_cron, last, time.now)?
        }
    };
    let (at, driver) = (store.clone(), Handle::current());
    let work = move || prune(&at, &driver, &choice, bytes);
    let pruned = tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::run("internal", "the repository's thread ended early").caused_by(error)
    })??;
    if pruned.snapshots > 0 || pruned.bytes {
        let (store, snapshots, bytes) = (store.name(), pruned.snapshots, pruned.bytes);
        tracing::info!(
            store,
            snapshots,
            bytes,
            "removed what no backup needs any more"
        );
    }
    if pruned.is_damaged {
        let why = "objects in it are known to be damaged, and to pack anew would hide that";
        let left = left_undone(store, why).hint(
            "bring them back from a copy, or delete those that `.sidecar/repository-damaged.json` in the store names, and run `restic rebuild-index`",
        );
        match occasion {
            PruneOccasion::Asked => return Err(left),
            PruneOccasion::Run => {
                tracing::warn!(store = store.name(), hint = left.hint_text(), "{left}")
            }
        }
    }
    if pruned.stray > 0 {
        let store = store.name();
        tracing::warn!(
            store,
            hint = "bring their manifests back, or delete them: `restic snapshots --tag sidecar`, `restic forget ID`",
            "{} snapshots in the repository have no manifest: they stay, and are no backups until they have",
            pruned.stray
        );
    }
    Ok(())
}

/// The snapshots that manifests name. Fails where one cannot be read: it may name any.
fn named(store: &Store, catalogue: &Catalogue) -> Result<HashSet<String>> {
    if let Some(damaged) = catalogue.damaged.first() {
        let error = Error::from(damaged);
        return Err(left_undone(store, error.message()));
    }
    let backups = catalogue.backups.iter();
    let named = backups.filter_map(|backup| {
        let at = backup.manifest.artifact.repository.as_ref()?;
        Some(at.snapshot.clone())
    });
    Ok(named.collect())
}

/// Whether such a time has come since `last`.
fn is_due(cron: &str, last: Option<Timestamp>, now: Timestamp) -> Result<bool> {
    let Some(last) = last else {
        return Ok(true);
    };
    let schedule = Schedule::new(cron, "UTC", Duration::ZERO, false)?;
    Ok(schedule.next(last).is_some_and(|slot| slot.time() <= now))
}

fn left_undone(store: &Store, why: &str) -> Error {
    let message = format!(
        "nothing is removed from the repository of store `{}`: {why}",
        store.name()
    );
    Error::run("repository-kept", message)
        .hint("`sidecar list` shows what is damaged; `sidecar prune` tries again")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_removed_once_after_each_such_time() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let due = |last: Option<&str>, now| is_due("0 4 * * 6", last.map(at), at(now)).unwrap();
        assert!(due(None, "2026-01-01T00:00:00Z"));
        // 2026-01-03 is a Saturday.
        assert!(!due(Some("2026-01-01T00:00:00Z"), "2026-01-03T03:59:00Z"));
        assert!(due(Some("2026-01-01T00:00:00Z"), "2026-01-03T04:00:00Z"));
        assert!(!due(Some("2026-01-03T04:10:00Z"), "2026-01-09T23:00:00Z"));
    }
}
