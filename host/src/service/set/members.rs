//! The members of a set, each an ordinary backup.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::config::SetSpec;
use crate::error::{Error, Result};
use crate::exchange;
use crate::service::backup::{self, CompletedBackup};
use crate::service::context::Context;
use crate::service::runs::job::Job;
use crate::service::runs::lock::RunLock;

/// Runs them in their order, as many at a time as the operator says. One that fails keeps no other from being
/// backed up, and the set from being one.
pub(super) fn run(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    set: &SetSpec,
) -> Result<Vec<CompletedBackup>> {
    let members: Vec<(&Context, &Arc<Job>)> = context.in_set().zip(job.members()).collect();
    let made: Vec<Mutex<Option<Result<CompletedBackup>>>> =
        members.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(at) = Some(next.fetch_add(1, Relaxed)).filter(|at| *at < members.len()) {
            let (context, member) = members[at];
            let ran = one(context, lock, job, member);
            *made[at].lock() = Some(ran);
        }
    };
    std::thread::scope(|scope| {
        let others = 1..set.parallel.clamp(1, members.len().max(1));
        let others: Vec<_> = others.map(|_| scope.spawn(work)).collect();
        work();
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    // What stopped the set is its reason, not what that did to a member.
    job.cancel().check()?;
    let mut done = Vec::new();
    let mut failed = None;
    for ((member, _), made) in members.iter().zip(made) {
        match made.into_inner() {
            Some(Ok(backup)) => done.push(backup),
            Some(Err(error)) => drop(failed.get_or_insert((name(member), error))),
            None => {}
        }
    }
    match failed {
        None => Ok(done),
        Some((name, error)) => Err(incomplete(context, &name, error, &done)),
    }
}

fn one(
    context: &Context,
    lock: &RunLock,
    set: &Arc<Job>,
    job: &Arc<Job>,
) -> Result<CompletedBackup> {
    set.cancel().check()?;
    exchange::fault("set-member")
        .map_err(|error| Error::run("io", format!("a member of the set: {error}")))?;
    let (id, strategy) = (&job.request().id, name(context));
    tracing::info!(id, strategy, "a member of the set begins");
    let made = backup::run(context, lock.of_member(context)?, job);
    match &made {
        Ok(backup) => tracing::info!(
            id,
            strategy,
            size = backup.artifact.size,
            duration_ms = backup.duration_ms,
            "a member of the set was backed up"
        ),
        Err(error) => {
            let (code, hint) = (error.code(), error.hint_text());
            tracing::error!(
                id,
                strategy,
                code,
                hint,
                "a member of the set failed: {error}"
            );
        }
    }
    made
}

fn name(context: &Context) -> String {
    context.config().member.clone().unwrap_or_default()
}

fn incomplete(context: &Context, name: &str, error: Error, done: &[CompletedBackup]) -> Error {
    let made: Vec<&str> = done
        .iter()
        .filter_map(|one| one.member.as_deref())
        .collect();
    let stays = match made.as_slice() {
        [] => "no member was backed up".to_owned(),
        [one] => format!("{one} stays as a backup of its own"),
        made => format!("{} stay as backups of their own", made.join(", ")),
    };
    let retained = match context.config().stores.is_empty() && !done.is_empty() {
        true => "; what the last set names is kept until there is a new one",
        false => "",
    };
    let message = format!("the set is not complete: {name}: {}", error.message());
    let hint = error.hint_text().map(|hint| format!("; {hint}"));
    Error::run("set-incomplete", message)
        .hint(format!("{stays}{retained}{}", hint.unwrap_or_default()))
        .caused_by(error)
}
