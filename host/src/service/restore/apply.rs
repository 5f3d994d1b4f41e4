//! Hands what was downloaded to the module, in the sandbox.

use std::path::Path;
use std::sync::Arc;

use super::download::Downloaded;
use super::plan::PlannedRestore;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::sandbox::{Module, RestoreJob, Restored};
use crate::service::folders;
use crate::service::runs::disk_watch::DiskWatch;
use crate::service::runs::job::Job;
use crate::service::runs::sandbox_job::sandbox_job;
use crate::service::runs::temp_folder::TempFolder;

/// Why it would be refused, if it would. Nothing is changed.
pub(super) fn find_refusals(
    config: &Config,
    folder: &Path,
    job: &Arc<Job>,
    module: &Module,
    planned: &PlannedRestore,
    downloaded: &Downloaded,
) -> Result<Vec<Error>> {
    let (strategy, grants) = (planned.config.clone(), planned.grants.grants.clone());
    module.find_refusals(RestoreJob {
        job: sandbox_job(config, job, strategy, grants, module)?,
        request: planned.request.clone(),
        source: downloaded.source.clone(),
        directory: planned.grants.directory.clone(),
        journals: folders::restores(folder),
    })
}

/// Restores on this thread.
pub(super) fn apply(
    config: &Config,
    folder: &Path,
    job: &Arc<Job>,
    module: &Module,
    planned: PlannedRestore,
    downloaded: Downloaded,
) -> Result<Restored> {
    for step in &planned.plan.steps {
        tracing::info!(id = job.request().id, "{step}");
    }
    let disk = module.limits().disk;
    let sandbox_job = sandbox_job(config, job, planned.config, planned.grants.grants, module)?;
    let watch = DiskWatch::start(disk, module.name(), &sandbox_job)?;
    let _temp = TempFolder::of(config);
    let ended = module.restore(RestoreJob {
        job: sandbox_job,
        request: planned.request,
        source: downloaded.source,
        directory: planned.grants.directory,
        journals: folders::restores(folder),
    });
    DiskWatch::judge(watch.as_ref(), ended)
}
