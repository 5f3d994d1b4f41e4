//! What is there already where a restore would put something: asked of the module, for a preview.

use std::sync::Arc;
use std::time::Duration;

use super::plan::PlannedRestore;
use crate::cancel::Reason;
use crate::error::{Error, Result};
use crate::sandbox::{FoundTargets, Module};
use crate::service::context::Context;
use crate::service::runs::guards::Deadline;
use crate::service::runs::job::Job;
use crate::service::runs::request::RunRequest;
use crate::service::runs::sandbox_job::sandbox_job;

/// How long a module may look.
const TARGETS_TIMEOUT: Duration = Duration::from_secs(15);

/// Asks the module. A run may be in progress: nothing is locked, and nothing is changed.
pub(super) fn find(
    context: &Context,
    module: &Module,
    planned: &PlannedRestore,
) -> Result<FoundTargets> {
    if !module.finds_targets() {
        return Ok(FoundTargets::default());
    }
    let job = Arc::new(Job::new(context, RunRequest::new(None)));
    let _deadline = Deadline::start(Some(TARGETS_TIMEOUT), job.cancel())?;
    let (strategy, grants) = (planned.config.clone(), planned.grants.grants.clone());
    let asked = sandbox_job(context.config(), &job, strategy, grants, module)?;
    let found = module.find_targets(asked, &planned.request);
    found.map_err(|error| match job.cancel().reason() {
        Some(Reason::TimedOut(limit)) => too_slow(limit),
        _ => error,
    })
}

fn too_slow(limit: Duration) -> Error {
    Error::run(
        "targets-timed-out",
        format!("what is there already could not be found out within {limit:?}"),
    )
    .hint("does the server answer? `sidecar check` asks it")
}
