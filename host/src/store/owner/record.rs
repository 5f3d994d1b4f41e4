//! `.sidecar/owner.json`: whose a store is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::OwnerId;
use super::profile::Profile;

/// The version that is written.
const VERSION: u32 = 1;

/// Whose a store is. Fields may be added; readers ignore what they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRecord {
    v: u32,
    /// A word of this place: two stores that say the same are one, or one was copied from the other.
    #[serde(default)]
    pub place: String,
    /// Its owner.
    pub id: OwnerId,
    /// Grows with each adoption.
    #[serde(rename = "gen", default)]
    pub generation: u64,
    /// When it was claimed.
    pub made_at: Timestamp,
    /// The machine that did it.
    pub by: String,
    /// The owner's strategy.
    pub strategy: String,
    /// What the owner's artifacts are called.
    pub filename: String,
    /// What they are.
    #[serde(default)]
    pub format: String,
    /// A salted hash of what is backed up: a hint, never a key.
    #[serde(default)]
    source: String,
    /// Earlier owners, whose backups are the owner's now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub was: BTreeSet<OwnerId>,
    /// Ids of backups without an owner, older than the record, that are the owner's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub adopted: BTreeSet<String>,
}

impl OwnerRecord {
    /// The first claim.
    pub fn new(
        id: OwnerId,
        profile: &Profile,
        made_at: Timestamp,
        adopted: BTreeSet<String>,
    ) -> Self {
        Self {
            v: VERSION,
            place: Uuid::now_v7().to_string(),
            generation: 1,
            made_at,
            by: profile.machine.clone(),
            strategy: profile.strategy.clone(),
            filename: profile.filename.clone(),
            format: profile.format.clone(),
            source: profile.hashed_source(&id),
            was: BTreeSet::new(),
            adopted,
            id,
        }
    }

    /// Whether the owner backs up the same, under the same name: it is this sidecar, or a replica.
    pub fn is_of(&self, profile: &Profile) -> bool {
        self.looks_like(profile) && self.source == profile.hashed_source(&self.id)
    }

    /// Whether the owner's backups look like this sidecar's.
    pub fn looks_like(&self, profile: &Profile) -> bool {
        self.strategy == profile.strategy && self.filename == profile.filename
    }

    /// For people: `1f2e3d4c (db.dump by custom, claimed 2026-06-01T03:00:00Z by host)`.
    pub fn described(&self) -> String {
        format!(
            "{} ({} by {}, claimed {:.0} by {})",
            self.id.short(),
            self.filename,
            self.strategy,
            self.made_at,
            self.by
        )
    }
}
