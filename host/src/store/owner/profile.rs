//! What can be seen of a sidecar from outside: what it backs up, and what it calls that.

use sha2::{Digest, Sha256};

use super::id::OwnerId;
use crate::artifact::manifest::Manifest;

/// What tells one sidecar from another that has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The strategy's name.
    pub strategy: String,
    /// What its artifacts are called.
    pub filename: String,
    /// The configuration's word for what they are.
    pub format: String,
    /// What is backed up, as text: server and databases, paths, command lines. Never a secret.
    pub source: String,
    /// The machine's name, for people.
    pub machine: String,
}

impl Profile {
    /// Whether this sidecar would write such a backup.
    pub fn fits(&self, manifest: &Manifest) -> bool {
        manifest.strategy.name == self.strategy && manifest.artifact.filename == self.filename
    }

    /// What a record says of the source: enough to recognise it, too little to read it.
    pub(super) fn hashed_source(&self, id: &OwnerId) -> String {
        let hash = Sha256::digest(format!("{id}\n{}", self.source));
        hash.iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
