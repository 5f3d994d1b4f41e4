//! What was found when a copy was read, kept beside it in the store.
//!
//! A verify, a fetch, a restore or a drill that has read a whole copy writes a small object:
//! `.sidecar/verdicts/daily/backup_20231201_030000.dump.json`. Every sidecar of the store reads it; an
//! older one, which knows of no verdicts, looks for nothing there.

use serde::{Deserialize, Serialize};

use super::backend::Object;
use super::catalogue::StoredBackup;
use super::health::BackupHealth;
use super::keys;
use super::objects::Store;
use crate::artifact::manifest::Sha256;
use crate::error::{Kind, Result};

/// A verdict, as it is stored. It counts only for the backup that it names: a key may be used again.
#[derive(Serialize, Deserialize)]
struct HealthRecord {
    id: String,
    sha256: Sha256,
    #[serde(flatten)]
    health: BackupHealth,
}

impl Store {
    /// Keeps what is known of a copy now, in place of what was known.
    pub async fn record_health(&self, backup: &StoredBackup, health: &BackupHealth) -> Result<()> {
        let record = HealthRecord {
            id: backup.manifest.id.clone(),
            sha256: backup.manifest.artifact.sha256.clone(),
            health: health.clone(),
        };
        let text =
            serde_json::to_vec_pretty(&record).expect("a verdict has nothing that JSON cannot say");
        self.put(&keys::verdict(&backup.key), text).await
    }

    /// What the verdict that was listed says of a copy.
    pub(super) async fn health(&self, backup: &StoredBackup, verdict: &Object) -> BackupHealth {
        let text = match self.get_listed(verdict).await {
            Ok(text) => text,
            Err(error) if error.kind() == Kind::NotFound => return BackupHealth::Never,
            Err(error) => {
                tracing::warn!(key = backup.key, "{error}");
                return BackupHealth::Unclear;
            }
        };
        match serde_json::from_slice::<HealthRecord>(&text) {
            Ok(record) if record.is_of(backup) => record.health,
            Ok(_) => BackupHealth::Never,
            Err(_) => BackupHealth::Unclear,
        }
    }

    /// Nothing is known of this copy: another one was stored under its key.
    pub(super) async fn forget_health(&self, backup: &StoredBackup) -> Result<()> {
        let verdict = keys::verdict(&backup.key);
        match self.size(&verdict).await? {
            None => Ok(()),
            // Written over rather than deleted: some credentials may only write.
            Some(_) => self.record_health(backup, &BackupHealth::Never).await,
        }
    }
}

impl HealthRecord {
    fn is_of(&self, backup: &StoredBackup) -> bool {
        let manifest = &backup.manifest;
        (&self.id, &self.sha256) == (&manifest.id, &manifest.artifact.sha256)
    }
}
