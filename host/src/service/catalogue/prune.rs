//! The retention applied: which backups go.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::in_sets;
use super::repository::{PruneOccasion, tidy};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::history::RunFailure;
use crate::retention::{self, Decision, Retain, RetentionRecord, Verdict, decide_at_pace};
use crate::service::context::Context;
use crate::service::overlap;
use crate::service::owner::owner;
use crate::service::retention_rules::RetentionRules;
use crate::store::{Removal, RetryPolicy, Store, StoreLock, StoredBackup};

/// How many of the newest backups that stay are read again before others are deleted.
const CONFIRMED: usize = 8;

/// What becomes of one backup in one store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pruned {
    /// The store's name.
    pub store: String,
    /// Which of several strategies it is of; "sets" if it is a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The artifact's key, below the store's prefix.
    pub key: String,
    /// The run that made it.
    pub id: String,
    /// Whether it stays.
    pub keep: bool,
    /// Why.
    pub reason: String,
    /// Why it is still there although it was to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

/// What applying the retention to one store did.
#[derive(Debug, Default)]
pub(in crate::service) struct StorePruning {
    /// What becomes of each backup.
    pub(in crate::service) backups: Vec<Pruned>,
    /// A deletion stopped half way: what was noted in the lock is still to be looked at.
    pub(in crate::service) half_done: bool,
}

impl StorePruning {
    /// How many could not be deleted, and why the first of them.
    pub(in crate::service) fn undeleted(&self) -> Option<(usize, &RunFailure)> {
        let mut failed = self.backups.iter().filter_map(|one| one.error.as_ref());
        let first = failed.next()?;
        Some((1 + failed.count(), first))
    }
}

/// What applying the retention by hand did.
#[derive(Debug, Default)]
pub struct Pruning {
    /// What becomes of each backup, in the stores where that could be decided.
    pub backups: Vec<Pruned>,
    /// Why nothing was done in a store.
    pub failed: Vec<Error>,
}

/// How the retention is applied by hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct PruneOptions {
    /// Nothing is deleted, only decided.
    pub dry_run: bool,
    /// All goes that is to go, however much that is.
    pub yes: bool,
}

/// How much may go at once, and for how long.
pub(in crate::service) struct PruneExtent<'a> {
    /// The backup that was just made: it is no witness of the time.
    pub(in crate::service) new: Option<&'a str>,
    /// None: all that is to go.
    pub(in crate::service) at_most: Option<usize>,
    /// Once cancelled, nothing more goes.
    pub(in crate::service) cancel: &'a Cancel,
}

/// Applies the retention of every strategy to every store now. If anything is to be deleted, no other sidecar may be
/// at work there. A store that fails keeps no other one from it.
pub(in crate::service) fn prune(context: &Context, options: PruneOptions) -> Result<Pruning> {
    let mut all = Pruning::default();
    // Sets before their members, of which they keep some.
    for one in context.all() {
        let pruned = prune_strategy(one, options)?;
        all.backups.extend(pruned.backups);
        all.failed.extend(pruned.failed);
    }
    Ok(all)
}

fn prune_strategy(context: &Context, options: PruneOptions) -> Result<Pruning> {
    let rules = &context.retention;
    let cancel = Cancel::new();
    let extent = || PruneExtent {
        new: None,
        at_most: (!options.yes).then_some(retention::ALLOWANCE),
        cancel: &cancel,
    };
    overlap::require_apart(context.config())?;
    let mut all = Pruning::default();
    for spec in &context.config().stores {
        let pruned = context.runtime()?.block_on(async {
            if options.dry_run {
                let store = context
                    .claimant()
                    .open_to_read(spec, RetryPolicy::RUN)
                    .await?;
                let pruned = prune_store(&store, rules, extent(), None).await?;
                return Ok::<_, Error>(pruned.backups);
            }
            let store = context
                .claimant()
                .open_to_write(spec, RetryPolicy::RUN)
                .await?;
            let owner = owner(&Uuid::now_v7().to_string());
            let mut lock = store.try_lock(&owner).await?;
            let mut pruned = prune_store(&store, rules, extent(), Some(&mut lock)).await;
            if pruned.is_ok()
                && let Err(error) = tidy(rules, &store, &lock, PruneOccasion::Asked).await
            {
                pruned = Err(error);
            }
            let finished = pruned.as_ref().is_ok_and(|pruned| !pruned.half_done);
            lock.release(finished).await;
            Ok(pruned?.backups)
        });
        match pruned {
            Ok(backups) => all.backups.extend(backups),
            Err(error) => all.failed.push(error),
        }
    }
    Ok(all)
}

/// Applies the retention to one store. Without its lock nothing is deleted, only decided. What cannot
/// be deleted stays, keeps nothing else from being deleted, and says why. Fails if the lock was lost.
pub(in crate::service) async fn prune_store(
    store: &Store,
    rules: &RetentionRules,
    extent: PruneExtent<'_>,
    mut lock: Option<&mut StoreLock>,
) -> Result<StorePruning> {
    let catalogue = store.catalogue().await?;
    if let Some(shared) = store.shared(&catalogue) {
        tracing::warn!(hint = shared.hint_text(), "{shared}");
        return Ok(StorePruning {
            backups: catalogue.own().map(kept_beside_others).collect(),
            half_done: false,
        });
    }
    let backups: Vec<StoredBackup> = catalogue.own().cloned().collect();
    let mut records = records(&backups);
    let broken = in_sets::broken(&rules.ties, store, &backups).await?;
    for record in &mut records {
        record.good &= !broken.contains_key(&record.id);
    }
    let time = rules.time(store, &backups, extent.new);
    let mut decided = decide_at_pace(&records, &rules.policy, time.now, Some(rules.pace()));
    if let Some(doubt) = time.doubt {
        retention::doubt(&mut decided, doubt.message());
    }
    let ties = Ties {
        named: match decided.iter().all(|decision| decision.verdict.keeps()) {
            true => HashMap::new(),
            false => in_sets::named(&rules.ties, store).await?,
        },
        broken,
    };
    retention::retain_named(&mut decided, |id| ties.named.contains_key(id));
    let waiting = extent
        .at_most
        .map_or(0, |at_most| retention::brake(&mut decided, at_most));
    if waiting > 0 {
        tracing::warn!(
            store = store.name(),
            hint = "`sidecar prune --dry-run` shows them, `sidecar prune --yes` deletes them now",
            "{waiting} more backups are too old than a run deletes at once: they go a few at a time"
        );
    }
    let decided = || backups.iter().zip(&decided);
    if lock.is_some() && !are_confirmed(store, decided()).await? {
        let anew = store.clone().read_anew();
        return Box::pin(prune_store(&anew, rules, extent, lock)).await;
    }
    if let Some(lock) = &mut lock {
        let doomed = decided().filter(|(_, decision)| !decision.verdict.keeps());
        let doomed: Vec<String> = doomed.map(|(backup, _)| backup.key.clone()).collect();
        if !doomed.is_empty() {
            lock.note(doomed).await?;
        }
    }
    let mut half_done = false;
    let mut pruned = Vec::new();
    for (backup, decision) in decided() {
        let (store, key) = (store.name(), &backup.key);
        let keep = decision.verdict.keeps();
        let removal = match &mut lock {
            Some(lock) if !keep && !extent.cancel.is_cancelled() => {
                Some(lock.remove(backup).await?)
            }
            _ => None,
        };
        let error = match removal {
            None => None,
            Some(Removal::Done) => {
                tracing::info!(store, key, "deleted: {decision}");
                None
            }
            Some(Removal::Refused(error)) => Some(error),
            Some(Removal::HalfDone(error)) => {
                half_done = true;
                Some(error)
            }
        };
        if let Some(error) = &error {
            tracing::debug!(store, key, "not deleted: {error}");
        }
        pruned.push(Pruned {
            store: store.to_owned(),
            strategy: backup.strategy.clone(),
            key: key.clone(),
            id: backup.manifest.id.clone(),
            keep,
            reason: reason(backup, decision, &ties),
            error: error.as_ref().map(RunFailure::from),
        });
    }
    if let Some(lock) = lock
        && let Err(error) = lock.remove_old_tombstones(&catalogue.burned).await
    {
        let (store, hint) = (store.name(), error.hint_text());
        tracing::warn!(
            store,
            hint,
            "what was given up long ago is not cleared away: {error}"
        );
    }
    Ok(StorePruning {
        backups: pruned,
        half_done,
    })
}

/// Whether what a deletion leans on is still there: the newest of what stays, which may only be known from an earlier
/// reading. Without a deletion nothing is asked.
async fn are_confirmed<'b>(
    store: &Store,
    decided: impl Iterator<Item = (&'b StoredBackup, &'b Decision<'b>)> + Clone,
) -> Result<bool> {
    let stays = |(_, decision): &(_, &Decision<'_>)| decision.verdict.keeps();
    if store.reads_anew() || decided.clone().all(|one| stays(&one)) {
        return Ok(true);
    }
    for (backup, _) in decided.filter(stays).take(CONFIRMED) {
        if !store.still_has(backup).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What belongs together, by id.
struct Ties {
    /// The set that names a backup of a member.
    named: HashMap<String, String>,
    /// The member of which a set has no good copy.
    broken: HashMap<String, String>,
}

fn reason(backup: &StoredBackup, decision: &Decision<'_>, ties: &Ties) -> String {
    let set = ties.named.get(&backup.manifest.id);
    let decided = match (decision.verdict, set) {
        (Verdict::Keep(Retain::MemberOfSet), Some(set)) => {
            format!("{}: member of set {set}", backup.manifest.tier)
        }
        _ => decision.to_string(),
    };
    match (
        backup.health.is_good(),
        ties.broken.get(&backup.manifest.id),
    ) {
        (true, None) => decided,
        (true, Some(member)) => {
            format!("{decided} ({member} of it is damaged or missing: it counts for nothing)")
        }
        (false, _) => format!("{decided} ({}: it counts for nothing)", backup.health),
    }
}

fn kept_beside_others(backup: &StoredBackup) -> Pruned {
    Pruned {
        store: backup.store.clone(),
        strategy: backup.strategy.clone(),
        key: backup.key.clone(),
        id: backup.manifest.id.clone(),
        keep: true,
        reason: format!(
            "{}: another sidecar's backups lie beside it",
            backup.manifest.tier
        ),
        error: None,
    }
}

/// Backups as the retention sees them.
pub(in crate::service) fn records(backups: &[StoredBackup]) -> Vec<RetentionRecord> {
    backups.iter().map(record).collect()
}

/// A backup as the retention sees it.
pub(in crate::service) fn record(backup: &StoredBackup) -> RetentionRecord {
    RetentionRecord {
        key: backup.key.clone(),
        tier: backup.manifest.tier,
        id: backup.manifest.id.clone(),
        taken_at: backup.manifest.started_at,
        good: backup.health.is_good(),
        seq: backup.manifest.seq,
        spaced: backup.manifest.spaced.unwrap_or(true),
    }
}
