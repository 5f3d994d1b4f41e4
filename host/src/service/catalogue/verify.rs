//! Reads backups again and compares them with what was recorded when they were made.

use std::fs::File;

use schemars::JsonSchema;
use serde::Serialize;

use super::list::{list_anew, undamaged};
use super::plaintext::require_encrypted;
use super::stored_bytes::StoredBytes;
use super::stores::open;
use super::verdicts;
use super::verify_progress::VerifyProgress;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::history::{Run, RunArtifact, RunState};
use crate::repository::{Proof, prove};
use crate::service::context::Context;
use crate::service::runs::{download_cache, kept_for_set};
use crate::store::{Catalogue, DamageExtent, DamagedBackup, RetryPolicy, Store, StoredBackup};

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

/// What verifying has found to be as it was.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Unaltered")]
pub struct Verification {
    /// Backups that were read whole.
    pub verified: Vec<Verified>,
    /// Repositories of which a share was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proven: Vec<Proof>,
}

impl Verification {
    /// Nothing but whole copies.
    pub(in crate::service) fn of(verified: Vec<Verified>) -> Self {
        Self {
            verified,
            proven: Vec::new(),
        }
    }

    /// This one, and what was found beside it.
    fn with(mut self, other: Self) -> Self {
        self.verified.extend(other.verified);
        self.proven.extend(other.proven);
        self
    }
}

/// Verifies the backup `which` ("latest" is the last good one): in the stores if there are any, and else the artifact
/// that this sidecar published.
pub(in crate::service) fn verify(
    context: &Context,
    which: &str,
    accept: &[String],
    progress: &VerifyProgress<'_>,
) -> Result<Vec<Verified>> {
    if context.config().stores.is_empty() {
        return Ok(vec![verify_published(context, which, progress)?]);
    }
    let catalogue = list_anew(context)?;
    let id = undamaged(context, &catalogue, which)?.manifest.id.clone();
    progress.is_about(&id);
    // What is asked of one backup is not answered with the damage of another.
    let is_meant = |copy: &StoredBackup| copy.manifest.id == id;
    let copies: Vec<String> = catalogue
        .backups
        .iter()
        .filter(|copy| is_meant(copy))
        .map(|copy| copy.key.clone())
        .collect();
    let concerns = |damaged: &DamagedBackup| {
        let is_copy = || copies.iter().any(|key| damaged.key.starts_with(key));
        damaged.extent == DamageExtent::Store || is_copy()
    };
    read_copies(context, catalogue, is_meant, concerns, (accept, progress))
}

/// Verifies all that is stored of every strategy, or the artifact that this sidecar published: artifacts are read whole, of
/// repositories the share that is due. Of one that is damaged all backups are read, to see which are.
pub(in crate::service) fn verify_all(
    context: &Context,
    accept: &[String],
    progress: &VerifyProgress<'_>,
) -> Result<Verification> {
    let mut all = Verification::default();
    for one in context.all() {
        all = all.with(verify_strategy(one, accept, progress)?);
    }
    Ok(all)
}

fn verify_strategy(
    context: &Context,
    accept: &[String],
    progress: &VerifyProgress<'_>,
) -> Result<Verification> {
    if context.config().stores.is_empty() {
        let verified = verify_published(context, "latest", progress)?;
        return Ok(Verification::of(vec![verified]));
    }
    let catalogue = list_anew(context)?;
    let (proven, failed) = prove_repositories(context, progress)?;
    let is_unread = |copy: &StoredBackup| {
        let mut read = proven.iter().map(|proof| &proof.store);
        copy.manifest.artifact.repository.is_none() || !read.any(|store| *store == copy.store)
    };
    let how = (accept, progress);
    let verified = read_copies(context, catalogue, is_unread, |_| true, how);
    match failed {
        Some(error) => Err(error),
        None => Ok(Verification {
            verified: verified?,
            proven,
        }),
    }
}

/// Reads the share of each repository that is due. Returns the first failure, too.
fn prove_repositories(
    context: &Context,
    progress: &VerifyProgress<'_>,
) -> Result<(Vec<Proof>, Option<Error>)> {
    let (mut proven, mut failed) = (Vec::new(), None);
    for spec in &context.config().stores {
        if spec.repository().is_none() {
            continue;
        }
        progress.cancel().check()?;
        let store = Store::open(spec, RetryPolicy::RUN)?;
        match prove(&store, context.runtime()?.handle()) {
            Ok(proof) => proven.push(proof),
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    Ok((proven, failed))
}

/// Reads the copies that are `wanted`, and compares them with their manifests. Returns those that are good; the first that
/// is not, or what was damaged before and is of concern, is the error, after all were read.
fn read_copies(
    context: &Context,
    catalogue: Catalogue,
    wanted: impl Fn(&StoredBackup) -> bool,
    concerns: impl Fn(&DamagedBackup) -> bool,
    (accept, progress): (&[String], &VerifyProgress<'_>),
) -> Result<Vec<Verified>> {
    let mut damaged = catalogue.damaged.into_iter();
    let mut failed = damaged.find(concerns).map(Error::from);
    let mut good = Vec::new();
    let copies: Vec<StoredBackup> = catalogue.backups.into_iter().filter(wanted).collect();
    let sizes = copies
        .iter()
        .map(|copy| copy.manifest.artifact.stored_size());
    progress.expect(sizes.sum());
    for copy in copies {
        let verified = read_copy(context, &copy, progress)?;
        // Unaltered is not enough: who put it there is the question.
        let config = context.config();
        let verified = verified.and_then(|()| require_encrypted(config, &copy.manifest, accept));
        let place = format!("{} {}", copy.store, copy.key);
        progress.found(&place, verified.as_ref().err());
        match verified {
            Ok(()) => good.push(Verified {
                id: copy.manifest.id,
                place,
                sha256: copy.manifest.artifact.sha256.to_string(),
            }),
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

/// Whether a copy is what was written, which is noted beside it. Fails once all of it was cancelled.
fn read_copy(
    context: &Context,
    copy: &StoredBackup,
    progress: &VerifyProgress<'_>,
) -> Result<Result<()>> {
    let cancel = progress.cancel();
    let store = open(context.config(), &copy.store)?;
    let bytes = StoredBytes::open(context, &store, copy);
    let verified = context.runtime()?.block_on(async {
        let reading = async { bytes?.read_all().await };
        let verified = async {
            let reading = reading.await?;
            store.verify(copy, reading, |read| progress.add(read)).await
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancel.error()),
            verified = verified => {
                verdicts::record(&store, copy, &verified).await;
                verified
            }
        }
    });
    cancel.check()?;
    Ok(verified)
}

fn verify_published(
    context: &Context,
    which: &str,
    progress: &VerifyProgress<'_>,
) -> Result<Verified> {
    let verified = read_published(context, which);
    progress.cancel().check()?;
    if let Ok(one) = &verified {
        progress.is_about(&one.id);
    }
    let place = verified.as_ref().map_or(which, |one| &one.place);
    progress.found(place, verified.as_ref().err());
    verified
}

fn read_published(context: &Context, which: &str) -> Result<Verified> {
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
