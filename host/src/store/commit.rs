//! Making an artifact a backup, and unmaking it.

use super::{Backup, Store, Stored, keys};
use crate::artifact::manifest::Manifest;
use crate::config::Tier;
use crate::error::Result;

impl Store {
    /// Makes what was uploaded a backup: from here on it is listed. `manifest.tier` is where it was
    /// uploaded to.
    pub async fn commit(&self, stored: &Stored, manifest: &Manifest) -> Result<Backup> {
        self.put(&keys::manifest(&stored.key), manifest.to_json())
            .await?;
        Ok(Backup {
            store: self.name().to_owned(),
            key: stored.key.clone(),
            manifest: manifest.clone(),
        })
    }

    /// Copies a backup into another tier, inside the store. It is there already if an earlier try was
    /// interrupted: then it is written over.
    pub async fn promote(&self, backup: &Backup, to: Tier) -> Result<Backup> {
        let key = self.promoted_key(backup, to);
        self.copy(&backup.key, &key).await?;
        let stored = Stored {
            key,
            size: backup.manifest.artifact.size,
        };
        let manifest = Manifest {
            tier: to,
            ..backup.manifest.clone()
        };
        self.commit(&stored, &manifest).await
    }

    /// Where the copy of a backup in another tier lies.
    pub fn promoted_key(&self, backup: &Backup, to: Tier) -> String {
        keys::moved(&backup.key, to)
    }

    /// Deletes a backup: the manifest first, so that nothing lists what is only half there.
    pub async fn remove(&self, backup: &Backup) -> Result<()> {
        self.delete(&keys::manifest(&backup.key)).await?;
        self.delete(&backup.key).await
    }
}
