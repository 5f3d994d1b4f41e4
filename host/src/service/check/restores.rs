//! The restore that will be needed one day, and the drills before it: what they ask for, and whether a drill can reach
//! what it protects.

use super::preflight::{as_reason, limited};
use crate::error::{Error, Kind, Result};
use crate::plan::AccessVerdict;
use crate::sandbox::{Choices, Findings, Module, Purpose};
use crate::service::context::Context;
use crate::service::restore::impossible;
use crate::service::restore_needs::{self, RestoreNeeds};
use crate::service::runs::sandbox_job::sandbox_job;
use crate::service::schedule::scratch_folder;
use crate::service::{lock, strategy};

/// What restores ask for, and what they may not have. Nothing is asked of any server.
pub(super) fn check_needs(context: &Context, module: &Module) -> (Vec<AccessVerdict>, Findings) {
    let mut grants = Vec::new();
    let mut findings = Findings::default();
    if !module.can_restore() {
        return (grants, findings);
    }
    if context.config().member.is_some() && !module.finds_refusals() {
        findings.warnings.push(cannot_refuse(module.name()));
    }
    match needs(context, module) {
        Ok(Ok(needs)) => {
            grants = needs.access().verdicts(&needs.allow);
            let name = module.name();
            let approved = needs.plan.approve(name, &needs.allow, &needs.directories);
            note(context, &mut findings, approved.err());
        }
        // One of other hands may need a backup to tell.
        Ok(Err(reasons)) if context.config().drill.is_some() => {
            note(context, &mut findings, Some(impossible(reasons)));
        }
        Ok(Err(_)) => {}
        Err(error) => note(context, &mut findings, Some(error)),
    }
    let accepted = lock::of_restores(context, module).and_then(|asked| {
        asked.map_or(Ok(()), |asked| {
            strategy::require_restore_accepted(context, module, &asked)
        })
    });
    findings.failures.extend(accepted.err());
    (grants, findings)
}

/// A restore of the set may replace members before this one refuses.
fn cannot_refuse(module: &str) -> Error {
    let message =
        format!("{module} does not say before a restore of the set whether it would refuse");
    Error::new(Kind::Config, "refusals-unknown", message)
        .hint("strategies before it may be restored by then: build it with a newer SDK (module interface `refusals`)")
}

/// What keeps a drill from being made is an error where one is configured. A module of other hands may not know what
/// restores of a backup that does not exist need.
fn note(context: &Context, findings: &mut Findings, error: Option<Error>) {
    let Some(error) = error else { return };
    let config = context.config();
    let built_in = !config.modules.contains_key(&config.strategy.name);
    match built_in && config.drill.is_some() || error.kind() == Kind::Denied {
        true => findings.failures.push(error),
        false => findings.warnings.push(error),
    }
}

/// Asks the module whether drills can begin: whether their target is another server than the one that is backed up.
pub(super) fn ask(context: &Context) -> Result<Findings> {
    let config = context.config();
    let module = strategy::load(context)?;
    if config.drill.is_none() || !module.can_restore() {
        return Ok(Findings::default());
    }
    let Ok(needs) = needs(context, &module)? else {
        return Ok(Findings::default());
    };
    let grants = needs
        .plan
        .approve(module.name(), &needs.allow, &needs.directories)?
        .grants;
    let into = into(context);
    let found = limited(context, &module, |job| {
        let sandbox_job = sandbox_job(config, job, needs.config.to_string(), grants, &module);
        let choices = Choices {
            purpose: Purpose::Drill,
            ..Choices::of_run(&job.request().id)
        };
        module.preflight_restore(sandbox_job?, into.as_deref(), choices)
    })?;
    Ok(Findings {
        failures: found.failures.iter().map(as_reason).collect(),
        ..found
    })
}

/// What a drill needs, or without one a restore.
fn needs(context: &Context, module: &Module) -> Result<Result<RestoreNeeds, Vec<Error>>> {
    let purpose = match context.config().drill {
        Some(_) => Purpose::Drill,
        None => Purpose::Restore,
    };
    let choices = Choices {
        purpose,
        ..Choices::default()
    };
    restore_needs::ask_of_any(context, module, into(context).as_deref(), choices)
}

/// Where drills restore into.
fn into(context: &Context) -> Option<String> {
    let drill = context.config().drill.as_ref()?;
    Some(match drill.directory() {
        Some(directory) => scratch_folder(directory).to_string_lossy().into_owned(),
        None => drill.into.reveal().to_owned(),
    })
}
