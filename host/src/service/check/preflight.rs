//! Whether a run would succeed now: asked of the module, with the grants of a run.

use std::sync::Arc;

use crate::cancel::Reason;
use crate::error::{Error, Kind, Result};
use crate::sandbox::{Findings, Module, PREFLIGHT_TIMEOUT};
use crate::service::context::Context;
use crate::service::runs::guards::{Deadline, OrphanReaper};
use crate::service::runs::job::Job;
use crate::service::runs::request::RunRequest;
use crate::service::runs::sandbox_job::sandbox_job;
use crate::service::strategy;

/// Asks the module. It may run commands and contact servers.
pub(super) fn ask(context: &Context) -> Result<Findings> {
    let config = context.config();
    let module = strategy::load(context)?;
    let strategy_config = strategy::checked_config(context, &module)?;
    let asked = strategy::ask(config, &module, &strategy_config, None)?;
    let allowed = strategy::allowed(config, &strategy_config, &asked);
    let grants = asked.approve(module.name(), &allowed)?;
    let found = limited(context, &module, |job| {
        let sandbox_job = sandbox_job(config, job, strategy_config.to_string(), grants, &module);
        module.preflight(sandbox_job?)
    })?;
    Ok(Findings {
        failures: found.failures.iter().map(as_reason).collect(),
        ..found
    })
}

/// Gives the module a while to answer.
pub(super) fn limited(
    context: &Context,
    module: &Module,
    ask: impl FnOnce(&Arc<Job>) -> Result<Findings>,
) -> Result<Findings> {
    let job = Arc::new(Job::new(context, RunRequest::new(None)));
    let _orphans = OrphanReaper;
    let _deadline = Deadline::start(Some(PREFLIGHT_TIMEOUT), job.cancel())?;
    ask(&job).map_err(|error| match job.cancel().reason() {
        Some(Reason::TimedOut(limit)) => too_slow(module.name(), limit),
        _ => as_reason(&error),
    })
}

fn too_slow(module: &str, limit: std::time::Duration) -> Error {
    Error::new(
        Kind::Config,
        "preflight-timed-out",
        format!("{module} could not tell within {limit:?} whether a run would succeed"),
    )
    .hint("does its server answer? `sidecar check --offline` does not ask")
}

/// A reason why a run would fail is for the operator to correct, like a wrong configuration.
pub(super) fn as_reason(error: &Error) -> Error {
    let reason = Error::new(Kind::Config, error.code().to_owned(), error.message());
    match error.hint_text() {
        Some(hint) => reason.hint(hint),
        None => reason,
    }
}
