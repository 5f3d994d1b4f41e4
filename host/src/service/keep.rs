//! Retention in the stores: copies for the coarser tiers, and what goes.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Service;
use super::parcel::owner;
use crate::clock;
use crate::config::Policy;
use crate::error::Result;
use crate::retention::{self, Record};
use crate::store::{Backup, Hold, Patience, Store};

/// What becomes of one backup in one store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pruned {
    /// The store's name.
    pub store: String,
    /// The artifact's key, below the store's prefix.
    pub key: String,
    /// The run that made it.
    pub id: String,
    /// Whether it stays.
    pub keep: bool,
    /// Why.
    pub reason: String,
}

impl Service {
    /// Applies the retention to every store now. With `dry_run` nothing is deleted, and otherwise
    /// nobody else may be at work there.
    pub fn prune(&self, dry_run: bool) -> Result<Vec<Pruned>> {
        let policy = &self.config().retention;
        let mut all = Vec::new();
        for spec in &self.config().stores {
            all.extend(self.runtime()?.block_on(async {
                let store = Store::open(spec, Patience::RUN)?;
                if dry_run {
                    return prune(&store, policy, None).await;
                }
                let owner = owner(&Uuid::now_v7().to_string());
                let mut hold = store.try_hold(&owner).await?;
                let pruned = prune(&store, policy, Some(&mut hold)).await;
                hold.release(pruned.is_ok()).await;
                pruned
            })?);
        }
        Ok(all)
    }

    /// After a new backup: its copies in the coarser tiers, and the end of what is too old.
    /// Returns every key that the backup has now.
    pub(super) async fn settle(
        &self,
        store: &Store,
        hold: &mut Hold,
        new: &Backup,
    ) -> Result<Vec<String>> {
        let policy = &self.config().retention;
        let mut keys = vec![store.shown(&new.key)];
        let backups = store.catalogue().await?.backups;
        let held = records(&backups);
        for tier in retention::promotions(&held, policy, &record(new)) {
            // Not `new`, if whoever made an earlier one died before he copied it.
            let first = retention::first_of_period(&held, tier, &record(new));
            let first = backups.iter().find(|backup| Some(&backup.key) == first);
            let first = first.unwrap_or(new);
            hold.note([store.promoted_key(first, tier)]).await?;
            let copy = store.promote(first, tier).await?;
            if first.manifest.id == new.manifest.id {
                keys.push(store.shown(&copy.key));
            }
        }
        prune(store, policy, Some(hold)).await?;
        Ok(keys)
    }
}

/// Without the right to delete it is only said what would go.
async fn prune(store: &Store, policy: &Policy, hold: Option<&mut Hold>) -> Result<Vec<Pruned>> {
    let backups = store.catalogue().await?.backups;
    let records = records(&backups);
    let decided = retention::decide(&records, policy, clock::now());
    let decided = || backups.iter().zip(&decided);
    let deletes = hold.is_some();
    if let Some(hold) = hold {
        let doomed = decided().filter(|(_, decision)| !decision.verdict.keeps());
        let doomed: Vec<String> = doomed.map(|(backup, _)| backup.key.clone()).collect();
        if !doomed.is_empty() {
            hold.note(doomed).await?;
        }
    }
    let mut pruned = Vec::new();
    for (backup, decision) in decided() {
        let keep = decision.verdict.keeps();
        if !keep && deletes {
            store.remove(backup).await?;
            tracing::info!(
                store = store.name(),
                key = backup.key,
                "deleted: {decision}"
            );
        }
        pruned.push(Pruned {
            store: store.name().to_owned(),
            key: backup.key.clone(),
            id: backup.manifest.id.clone(),
            keep,
            reason: decision.to_string(),
        });
    }
    Ok(pruned)
}

fn records(backups: &[Backup]) -> Vec<Record> {
    backups.iter().map(record).collect()
}

fn record(backup: &Backup) -> Record {
    Record {
        key: backup.key.clone(),
        tier: backup.manifest.tier,
        id: backup.manifest.id.clone(),
        taken_at: backup.manifest.started_at,
        good: true,
    }
}
