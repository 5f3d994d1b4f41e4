//! A run that puts files as files into a repository: there is no artifact, and nothing to publish.

use super::commit::commit_tree;
use super::failure::BackupFailure;
use super::publish::require_size;
use super::report::MadeBackup;
use super::upload::StoreUploads;
use crate::artifact::file_tree::{self, FileTreeSink, FileTreeStream, FileTreeTotals};
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::history::RunArtifact;
use crate::service::catalogue::upload_missed;
use crate::service::context::Context;
use crate::service::runs::job::Job;
use crate::service::runs::omissions::recorded;
use crate::service::runs::request::RunRequest;

/// Both ends of a tree, if the run may make one: its one store is a repository, and no client waits for an artifact.
/// A second store would need the files once more, when they may be others.
pub(super) fn channel(
    context: &Context,
    request: &RunRequest,
) -> Option<(FileTreeSink, FileTreeStream)> {
    let is_wanted = match context.config().stores.as_slice() {
        [store] => store.repository().is_some() && !request.downloadable,
        _ => false,
    };
    is_wanted.then(file_tree::channel)
}

/// Commits the tree in its store.
pub(super) fn complete(
    context: &Context,
    job: &Job,
    totals: &FileTreeTotals,
    manifest: &Manifest,
    uploads: Option<StoreUploads>,
) -> Result<MadeBackup, BackupFailure> {
    let config = context.config();
    require_size(config, totals.bytes)?;
    manifest.fits()?;
    let uploads =
        uploads.ok_or_else(|| Error::run("internal", "a tree of files without a store"))?;
    let (keys, artifact) = commit_tree(context, uploads, manifest, job)?;
    if let Some(files) = artifact.files() {
        tracing::info!(
            files = files.count,
            unchanged = files.unchanged,
            bytes = files.bytes,
            added = artifact.size,
            "files went into the repository as files"
        );
    }
    let made = Manifest {
        artifact,
        ..manifest.clone()
    };
    if job.request().set_id.is_some() {
        job.describe(made.to_json());
    }
    if let Err(error) = upload_missed::send_all(context, job.cancel()) {
        let code = error.code();
        tracing::warn!(code, "a store still misses an earlier backup: {error}");
    }
    Ok(MadeBackup {
        identity: made.identity(),
        artifact: RunArtifact {
            path: config.paths.artifacts.join(&made.artifact.filename),
            filename: made.artifact.filename.clone(),
            format: made.artifact.format.clone(),
            content_type: made.artifact.content_type.clone(),
            size: made.artifact.stored_size(),
            sha256: made.artifact.sha256.to_string(),
            omissions: recorded(&made.omissions),
        },
        stores: vec![keys],
    })
}
