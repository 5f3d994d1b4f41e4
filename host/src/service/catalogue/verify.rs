//! Reads backups again and compares them with what was recorded when they were made.

use std::fs::File;

use schemars::JsonSchema;
use serde::Serialize;

use super::list::{list, undamaged};
use super::plaintext::require_encrypted;
use super::stored_bytes::StoredBytes;
use super::stores::open;
use super::verdicts;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::history::{Run, RunArtifact, RunState};
use crate::service::context::Context;
use crate::service::runs::{download_cache, kept_for_set};
use crate::store::{DamageExtent, DamagedBackup, StoredBackup};

/// A backup that is what it was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// The run that made it.
    pub id: String,
    /// The file, or the store and the key.
    pub place: String,
    /// Lower-case hex, as it was written and as it was read.
    pub sha256: String,
}

/// Verifies the backup `which` ("latest" is the last good one), or all: in the stores if there are
/// any, and else the artifact that this sidecar published.
pub(in crate::service) fn verify(
    context: &Context,
    which: Option<&str>,
    accept: &[String],
) -> Result<Vec<Verified>> {
    if context.config().stores.is_empty() {
        let verified = verify_published(context, which.unwrap_or("latest"))?;
        return Ok(vec![verified]);
    }
    let good = verify_stored(context, which, accept)?;
    let verified = good.into_iter().map(|backup| Verified {
        id: backup.manifest.id,
        place: format!("{} {}", backup.store, backup.key),
        sha256: backup.manifest.artifact.sha256.to_string(),
    });
    Ok(verified.collect())
}

/// Reads every copy in every store, and compares it with its manifest. Returns those that are good;
/// the first that is not is the error, after all were read.
fn verify_stored(
    context: &Context,
    which: Option<&str>,
    accept: &[String],
) -> Result<Vec<StoredBackup>> {
    let catalogue = list(context, None)?;
    let id = match which {
        Some(which) => Some(undamaged(context, &catalogue, which)?.manifest.id.clone()),
        None => None,
    };
    // What is asked of one backup is not answered with the damage of another.
    let mut damaged = catalogue.damaged.into_iter();
    let copies: Vec<String> = catalogue
        .backups
        .iter()
        .filter(|copy| id.as_ref() == Some(&copy.manifest.id))
        .map(|copy| copy.key.clone())
        .collect();
    let concerns = |damaged: &DamagedBackup| {
        let is_copy = || copies.iter().any(|key| damaged.key.starts_with(key));
        id.is_none() || damaged.extent == DamageExtent::Store || is_copy()
    };
    let mut failed = damaged.find(concerns).map(Error::from);
    let mut good = Vec::new();
    for copy in catalogue.backups {
        if id.as_ref().is_some_and(|id| *id != copy.manifest.id) {
            continue;
        }
        let store = open(context.config(), &copy.store)?;
        let bytes = StoredBytes::open(context, &store, &copy);
        let verified = context.runtime()?.block_on(async {
            let verified = async { store.verify(&copy, bytes?.read_all().await?).await };
            let verified = verified.await;
            verdicts::record(&store, &copy, &verified).await;
            verified
        });
        // Unaltered is not enough: who put it there is the question.
        let config = context.config();
        match verified.and_then(|()| require_encrypted(config, &copy.manifest, accept)) {
            Ok(()) => good.push(copy),
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(good),
    }
}

fn verify_published(context: &Context, which: &str) -> Result<Verified> {
    let run = match which {
        "latest" => context.history().last(RunState::Succeeded),
        id => context.history().get(id),
    };
    let run = run.ok_or_else(|| no_such_backup(which))?;
    let artifact = run.artifact.clone().ok_or_else(|| no_such_backup(which))?;
    let mut file = open_artifact(context, &run, &artifact)?;
    let size = file
        .metadata()
        .map_err(|error| Error::io("inspect", &artifact.path, error))?
        .len();
    let sha256 = Digest::of(&mut file)
        .map_err(|error| Error::io("read", &artifact.path, error))?
        .to_string();
    if (size, &sha256) != (artifact.size, &artifact.sha256) {
        return Err(altered(&artifact, size, &sha256));
    }
    Ok(Verified {
        id: run.id,
        place: artifact.path.display().to_string(),
        sha256,
    })
}

/// The published file; for an older run, the one in the download cache, or the one that is kept for a set.
fn open_artifact(context: &Context, run: &Run, artifact: &RunArtifact) -> Result<File> {
    let last = context.history().last(RunState::Succeeded);
    let is_published = last.is_some_and(|last| last.id == run.id);
    let file = is_published
        .then(|| File::open(&artifact.path).ok())
        .flatten();
    let folder = context.state_folder();
    file.or_else(|| download_cache::open(&folder, &run.id))
        .or_else(|| kept_for_set::open(&folder, &run.id))
        .ok_or_else(|| {
            Error::new(
                Kind::Verification,
                "artifact-missing",
                format!(
                    "the artifact of run {} is no longer at {}",
                    run.id,
                    artifact.path.display()
                ),
            )
            .hint("a later run replaced it, or it was removed: make a new backup now")
        })
}

fn no_such_backup(which: &str) -> Error {
    Error::new(
        Kind::NotFound,
        "no-such-backup",
        format!("this sidecar knows of no backup {which}"),
    )
    .hint("`sidecar runs` lists what ran here")
}

fn altered(artifact: &RunArtifact, size: u64, sha256: &str) -> Error {
    Error::new(
        Kind::Verification,
        "artifact-altered",
        format!(
            "{} is not what was written: it has {size} bytes and SHA-256 {sha256}, it had {} bytes and {}",
            artifact.path.display(),
            artifact.size,
            artifact.sha256
        ),
    )
    .hint("do not restore from it: make a new backup now, and look after the disk")
}
