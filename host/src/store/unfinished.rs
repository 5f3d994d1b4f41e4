//! Artifacts that no manifest stands for: those that a sidecar is still working on, or left half done, and
//! those whose manifest was lost.
//!
//! What is worked on is noted in the lock of the store before it is begun, and until nothing of it is half
//! done. So an artifact that is not noted, and was a backup once, has lost its manifest: something other
//! than a sidecar deleted it.

use std::collections::HashSet;

use super::backend::Object;
use super::damage::{DamageExtent, DamagedBackup};
use super::keys;
use super::lock::LEASE;
use super::objects::Store;
use crate::error::{Error, Kind, Result};

/// An artifact that no manifest stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedArtifact {
    /// The store's name.
    pub store: String,
    /// Below the store's prefix.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl UnfinishedArtifact {
    /// As one that may become a backup, or never was one.
    pub fn unfinished(&self) -> DamagedBackup {
        self.damaged(
            "the artifact has no manifest: its upload is going on or broke off, or the manifest was deleted",
            None,
        )
    }

    /// As one that was a backup.
    pub fn without_its_manifest(&self) -> DamagedBackup {
        let hint = format!(
            "its bytes are there: bring back {} from where it went (another store has one like it), or delete the artifact",
            keys::manifest(&self.key)
        );
        self.damaged("the backup has lost its manifest", Some(hint))
    }

    /// For one who asks for a backup that is not there.
    pub fn may_be_meant(&self) -> String {
        let (store, key) = (&self.store, &self.key);
        format!(
            "if its upload goes on, it will be one; if not, {key} in store `{store}` may be what is left of it, without its manifest"
        )
    }

    fn damaged(&self, message: &str, hint: Option<String>) -> DamagedBackup {
        let error = Error::new(Kind::Verification, "missing-manifest", message);
        DamagedBackup {
            store: self.store.clone(),
            key: self.key.clone(),
            extent: DamageExtent::Backup,
            error: match hint {
                Some(hint) => error.hint(hint),
                None => error,
            },
        }
    }
}

impl Store {
    /// Those among the objects of a tier.
    pub(super) fn unfinished(&self, objects: &[Object]) -> Vec<UnfinishedArtifact> {
        let there: HashSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
        let without_manifest = objects.iter().filter(|object| {
            let manifest = keys::manifest(&object.key);
            keys::is_dated(&object.key)
                && keys::artifact_of(&object.key).is_none()
                && !there.contains(manifest.as_str())
        });
        let unfinished = without_manifest.map(|object| UnfinishedArtifact {
            store: self.name().to_owned(),
            key: object.key.clone(),
            size: object.size,
        });
        unfinished.collect()
    }

    /// Whether what was a backup once has lost its manifest: it is there without one, and no sidecar is at
    /// work on it, or has left it half done.
    pub async fn has_lost_manifest(&self, artifact: &UnfinishedArtifact) -> bool {
        let key = &artifact.key;
        let asked = async {
            // Asked before and after: a run may have ended meanwhile.
            Ok::<_, Error>(
                !self.is_noted(key).await?
                    && self.size(&keys::manifest(key)).await?.is_none()
                    && self.size(key).await? == Some(artifact.size)
                    && !self.is_noted(key).await?,
            )
        };
        asked.await.unwrap_or_else(|error| {
            tracing::debug!(key, "it is not known why it has no manifest: {error}");
            false
        })
    }

    async fn is_noted(&self, key: &String) -> Result<bool> {
        let (lease, _) = self.lease_record(&keys::lease(LEASE)).await?;
        Ok(lease.is_some_and(|lease| lease.keys.contains(key)))
    }
}
