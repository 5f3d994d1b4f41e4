//! Plaintext where encryption is configured: whatever account can write into a store can put it there.

use crate::artifact::manifest::Manifest;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::store::StoredBackup;

/// The consequence that the operator accepts to read such a backup all the same.
const WORD: &str = "plaintext";

/// Refuses a backup that its manifest calls unencrypted, unless the configuration encrypts none or the
/// operator accepts it.
pub(in crate::service) fn require_encrypted(
    config: &Config,
    manifest: &Manifest,
    accept: &[String],
) -> Result<()> {
    let expected = config.strategy.artifact.encryption.is_some();
    let accepted = || accept.iter().any(|word| word == WORD);
    match expected && manifest.artifact.encryption.is_none() && !accepted() {
        true => Err(refused(&manifest.id)),
        false => Ok(()),
    }
}

/// The copies that are what the configuration says; an error if there is none.
pub(super) fn encrypted_copies(
    config: &Config,
    copies: Vec<StoredBackup>,
    accept: &[String],
) -> Result<Vec<StoredBackup>> {
    let mut encrypted = Vec::new();
    let mut refused = None;
    for copy in copies {
        match require_encrypted(config, &copy.manifest, accept) {
            Ok(()) => encrypted.push(copy),
            Err(error) => {
                let (store, key) = (&copy.store, &copy.key);
                tracing::warn!(store, key, "this copy is not used: {error}");
                refused.get_or_insert(error);
            }
        }
    }
    match refused {
        Some(error) if encrypted.is_empty() => Err(error),
        _ => Ok(encrypted),
    }
}

fn refused(id: &str) -> Error {
    Error::new(
        Kind::Verification,
        "not-encrypted",
        format!("the backup {id} is not encrypted, and the configuration says that backups are: any account that can write into the store may have put it there"),
    )
    .hint("take an encrypted one (`sidecar list`); if it was made before encryption was configured, say so with --accept plaintext (over HTTP: accept)")
}
