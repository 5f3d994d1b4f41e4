//! Waits until every store has the artifact, and records which have missed it.

use std::fs;

use futures_util::future::join_all;

use super::apply_retention::StoredCopies;
use super::failure::BackupFailure;
use super::upload::{Beginning, StoreUploads};
use crate::artifact::manifest::{Contents, Manifest};
use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Result};
use crate::history::{RunArtifact, RunFailure, StoreKeys};
use crate::service::catalogue::missed_uploads::MissedUpload;
use crate::service::context::Context;
use crate::service::retention_rules::RetentionRules;
use crate::service::runs::job::Job;

/// Finishes the upload into every store. What a store has missed is stored here for the next try, and
/// is the failure; also when the run was interrupted.
pub(super) fn commit_all(
    context: &Context,
    uploads: StoreUploads,
    artifact: &RunArtifact,
    manifest: &Manifest,
    job: &Job,
) -> Result<Vec<StoreKeys>, BackupFailure> {
    let cancel = job.cancel();
    let rules = &context.retention;
    let mut reached = Vec::new();
    let mut missed = Vec::new();
    let finishing = uploads
        .take()
        .into_iter()
        .map(|(name, beginning)| async move {
            (name, finish(beginning, rules, manifest, cancel).await)
        });
    for (name, finished) in context.runtime()?.block_on(join_all(finishing)) {
        match finished {
            Ok(StoredCopies { keys, warnings, .. }) => {
                reached.push(StoreKeys { name, keys });
                warnings.into_iter().for_each(|warning| job.warn(warning));
            }
            Err(error) => {
                tracing::error!(
                    store = name,
                    code = error.code(),
                    hint = error.hint_text(),
                    "the backup is not in this store: {error}"
                );
                missed.push((name, error));
            }
        }
    }
    if missed.is_empty() {
        if let Err(error) = remove(artifact) {
            // The backup is made; the next one takes the place of what stays.
            tracing::warn!(hint = error.hint_text(), "the backup is made, but {error}");
            job.warn(RunFailure::from(&error));
        }
        return Ok(reached);
    }
    if cancel.reason() == Some(Reason::Requested) && reached.is_empty() {
        // An operator no longer wants it; a run that was only interrupted is still wanted. What a
        // store has is a backup: older ones may have gone for it.
        remove(artifact)?;
        return Err(cancel.error().into());
    }
    let stores: Vec<String> = missed.iter().map(|(name, _)| name.clone()).collect();
    let path = MissedUpload::add(&context.state_folder(), artifact, manifest, stores)?;
    let (name, error) = missed.swap_remove(0);
    let hint = error.hint_text().map(|hint| format!(" ({hint})"));
    let missed = Error::run(
        "store-failed",
        format!("the backup could not be put into store {name}: {error}"),
    )
    .hint(format!(
        "it is kept at {}; `sidecar upload --pending`, or the next run, sends it{}",
        path.display(),
        hint.unwrap_or_default()
    ));
    Err(BackupFailure::MissedStores(missed.caused_by(error)))
}

/// The same of a tree of files, which lies nowhere else: without the store there is no backup.
pub(super) fn commit_tree(
    context: &Context,
    uploads: StoreUploads,
    manifest: &Manifest,
    job: &Job,
) -> Result<(StoreKeys, Contents), BackupFailure> {
    let (cancel, rules) = (job.cancel(), &context.retention);
    let mut uploads = uploads.take().into_iter();
    let Some((name, beginning)) = uploads.next() else {
        return Err(Error::run("internal", "a tree of files without a store").into());
    };
    let finished = finish(beginning, rules, manifest, cancel);
    let finished = context.runtime()?.block_on(finished);
    let StoredCopies {
        keys,
        warnings,
        artifact,
        ..
    } = finished.map_err(|error| {
        let message = format!("the backup could not be put into store {name}: {error}");
        let hint = error.hint_text().map(|hint| format!("; {hint}"));
        Error::run("store-failed", message)
            .hint(format!(
                "its files lie nowhere else: run the backup again{}",
                hint.unwrap_or_default()
            ))
            .caused_by(error)
    })?;
    warnings.into_iter().for_each(|warning| job.warn(warning));
    Ok((StoreKeys { name, keys }, artifact))
}

async fn finish(
    mut beginning: Beginning,
    rules: &RetentionRules,
    manifest: &Manifest,
    cancel: &Cancel,
) -> Result<StoredCopies> {
    let begun = tokio::select! {
        begun = &mut beginning => begun.unwrap_or_else(|error| {
            Err(Error::run("internal", "an upload ended early").caused_by(error))
        }),
        () = cancel.cancelled() => {
            beginning.abort();
            Err(cancel.error())
        }
    };
    begun?.finish(rules, manifest, cancel).await
}

fn remove(artifact: &RunArtifact) -> Result<()> {
    fs::remove_file(&artifact.path).map_err(|error| Error::io("remove", &artifact.path, error))
}
