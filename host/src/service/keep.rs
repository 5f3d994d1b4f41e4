//! Retention in the stores: copies for the coarser tiers, and what goes.

use jiff::Timestamp;
use serde::Serialize;

use super::Service;
use crate::config::Policy;
use crate::error::Result;
use crate::retention::{self, Record};
use crate::store::{Backup, Patience, Store};

/// What becomes of one backup in one store.
#[derive(Debug, Serialize)]
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
    /// Applies the retention to every store now. With `dry_run` nothing is deleted.
    pub fn prune(&self, dry_run: bool) -> Result<Vec<Pruned>> {
        let mut all = Vec::new();
        for spec in &self.config().stores {
            all.extend(self.runtime()?.block_on(async {
                let store = Store::open(spec, Patience::RUN)?;
                prune(&store, &self.config().retention, dry_run).await
            })?);
        }
        Ok(all)
    }

    /// After a new backup: its copies in the coarser tiers, and the end of what is too old.
    /// Returns every key that the backup has now.
    pub(super) async fn settle(&self, store: &Store, new: &Backup) -> Result<Vec<String>> {
        let policy = &self.config().retention;
        let mut keys = vec![store.shown(&new.key)];
        let held = records(&store.catalogue().await?.backups);
        for tier in retention::promotions(&held, policy, &record(new)) {
            let copy = store.promote(new, tier).await?;
            keys.push(store.shown(&copy.key));
        }
        prune(store, policy, false).await?;
        Ok(keys)
    }
}

async fn prune(store: &Store, policy: &Policy, dry_run: bool) -> Result<Vec<Pruned>> {
    let backups = store.catalogue().await?.backups;
    let records = records(&backups);
    let mut pruned = Vec::new();
    for (backup, decision) in
        backups
            .iter()
            .zip(retention::decide(&records, policy, Timestamp::now()))
    {
        let keep = decision.verdict.keeps();
        if !keep && !dry_run {
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
