//! A drill: the latest backup, restored into a scratch target and checked there. A backup that was
//! never restored is a hope.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lease::{SharedTask, release};
use super::scratch::Scratch;
use super::shared_slot::wait_for_lease;
use crate::command::{Command, Invocation, Shell, Stdin, Stdout, is_connection_variable};
use crate::config::{Config, Drill};
use crate::error::{Error, Kind, Result};
use crate::history::{PartOutcome, RunFailure};
use crate::sandbox::{Choices, CommandFolder};
use crate::service::context::Context;
use crate::service::restore::{self, RestoreReport};
use crate::service::runs::guards::{Deadline, OrphanReaper};
use crate::service::runs::job::Job;
use crate::service::runs::lock::RunLock;
use crate::service::runs::request::Order;
use crate::service::variables;

/// Tells the checks where the restored data is.
const INTO: &str = "SIDE_CAR_DRILL_INTO";

/// Restores a backup ("latest", or an id) into the scratch target, runs the operator's checks, and cleans up. Waits for a
/// replica that uses the target.
pub(in crate::service) fn drill(
    context: &Context,
    job: &Arc<Job>,
    which: &str,
) -> Result<RestoreReport> {
    // A run in progress here is told at once, and not waited for.
    drop(RunLock::acquire(context)?);
    let leases = wait_for_lease(context, SharedTask::Drill, job)?;
    let done = RunLock::acquire(context).and_then(|lock| run(context, lock, job, which));
    release(context, leases, false)?;
    done
}

/// The same of the latest, with the run lock held: a person has asked for it.
pub(in crate::service) fn run_asked_drill(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
) -> Result<RestoreReport> {
    restore::recorded(context, lock, job, |lock| {
        let leases = wait_for_lease(context, SharedTask::Drill, job)?;
        let done = rehearse(context, lock, job, "latest");
        release(context, leases, false)?;
        done
    })
}

/// The same with the run lock held, and the lease.
pub(in crate::service) fn run_drill(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
) -> Result<RestoreReport> {
    run(context, lock, job, "latest")
}

fn run(context: &Context, lock: RunLock, job: &Arc<Job>, which: &str) -> Result<RestoreReport> {
    restore::recorded(context, lock, job, |lock| {
        rehearse(context, lock, job, which)
    })
}

fn rehearse(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    which: &str,
) -> Result<RestoreReport> {
    let config = context.config();
    let drill = require_drill(config)?;
    let id = Choices::of_run(&job.request().id).id;
    let scratch = drill
        .directory()
        .map(|directory| Scratch::make(directory, &id, &lock.folder))
        .transpose()?;
    let into = match &scratch {
        Some(scratch) => scratch.path().to_string_lossy().into_owned(),
        None => drill.into.reveal().to_owned(),
    };
    let order = Order {
        which: which.to_owned(),
        only: Vec::new(),
        into: Some(into.clone()),
        replace: true,
        accept: drill.accept.clone(),
        wait: None,
    };
    let mut report = restore::perform(context, lock, job, &order)?;
    if report.error.is_none() {
        report.error = check(config, job, (drill, &lock.folder), &into, &mut report.parts)?;
    }
    Ok(report)
}

/// Runs every check, also after one that failed. Returns the first failure.
fn check(
    config: &Config,
    job: &Arc<Job>,
    (drill, state): (&Drill, &Path),
    into: &str,
    outcomes: &mut Vec<PartOutcome>,
) -> Result<Option<Error>> {
    let _orphans = OrphanReaper;
    let _deadline = Deadline::start(config.strategy.timeout, job.cancel())?;
    let shell = config.strategy.config.get("shell");
    let shell = Shell::find(shell.and_then(|shell| shell.as_str()))?;
    // What a module from elsewhere has laid in a folder would act in a line that starts there.
    let from_elsewhere = config.modules.contains_key(&config.strategy.name);
    let apart = from_elsewhere
        .then(|| CommandFolder::make(state, &format!("{}-check", job.request().id)))
        .transpose()?;
    let workdir = match (&apart, drill.directory()) {
        (Some(apart), _) => apart.start(),
        (None, Some(_)) => PathBuf::from(into),
        (None, None) => config.paths.workdir.clone(),
    };
    let mut env = variables::of_commands(config, job.request().drive_folder_id.as_deref());
    // The checks look at the scratch target: no variable leads them to the server that is backed up.
    env.retain(|(name, _)| !name.to_str().is_some_and(is_connection_variable));
    env.push((INTO.into(), into.into()));
    let mut first = None;
    for line in &drill.check {
        let command = Command {
            what: Invocation::Line {
                text: line,
                shell: &shell,
            },
            env: env.clone(),
            workdir: &workdir,
            accept: &[],
            confined: None,
        };
        let done = command.run(Stdin::Nothing, Stdout::Log, job.cancel());
        job.cancel().check()?;
        outcomes.push(PartOutcome {
            name: line.clone(),
            note: "checked".to_owned(),
            error: done.as_ref().err().map(RunFailure::from),
        });
        if let Err(error) = done {
            first.get_or_insert(error);
        }
    }
    Ok(first)
}

/// How a backup is tried; an error if it is not configured.
pub(in crate::service) fn require_drill(config: &Config) -> Result<&Drill> {
    config.drill.as_ref().ok_or_else(no_drill)
}

fn no_drill() -> Error {
    Error::new(Kind::Config, "no-drill", "no drill is configured").hint(
        "add `drill:` with `into` (a scratch target) and `check` (commands): see config/README.md",
    )
}
