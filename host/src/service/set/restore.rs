//! Brings a set back: every member is planned, fetched and compared before the first is touched.

use std::sync::Arc;
use std::time::Duration;

use super::choice::{Chosen, choose};
use super::found::{FoundSet, find};
use crate::error::{Error, Result};
use crate::sandbox::Purpose;
use crate::service::context::Context;
use crate::service::restore::{self, PREVIEWED_RUN, Planned, Preview, ReadyRestore, RestoreReport};
use crate::service::runs::guards::{Deadline, OrphanReaper};
use crate::service::runs::job::Job;
use crate::service::runs::lock::RunLock;
use crate::service::runs::request::Order;

/// What restoring a set would do.
pub(in crate::service) fn preview(context: &Context, order: &Order) -> Result<Preview> {
    let set = find(context, order)?;
    let planned = choose(context, &set.members, order)?
        .into_iter()
        .map(|chosen| {
            let strategy = Some(chosen.member.strategy.clone());
            let preview = plan(context, &set, &chosen, PREVIEWED_RUN)?.preview(chosen.context);
            Ok(Preview {
                strategy,
                ..preview
            })
        });
    let members = planned.collect::<Result<_>>()?;
    Ok(Preview::of_set(&set.id, set.taken_at, members))
}

/// Restores on this thread.
pub(in crate::service) fn restore(
    context: &Context,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    run(context, RunLock::acquire(context)?, job, order)
}

/// The same with the run lock held.
pub(in crate::service) fn run(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    restore::recorded(context, lock, job, |lock| {
        perform(context, lock, job, order)
    })
}

fn perform(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    order: &Order,
) -> Result<RestoreReport> {
    let set = find(context, order)?;
    job.is_about(&set.id);
    let id = &job.request().id;
    let mut planned = Vec::new();
    for chosen in choose(context, &set.members, order)? {
        let plan = plan(context, &set, &chosen, id)?;
        planned.push((chosen, plan));
    }
    let _orphans = OrphanReaper;
    let mut fetched = Vec::new();
    for (chosen, plan) in planned {
        let lock = lock.of_member(chosen.context)?;
        let limit = plan.limit(chosen.context);
        let _deadline = Deadline::start(limit, job.cancel())?;
        let ready = plan.fetch(chosen.context, &lock, job);
        fetched.push(ReadyMember {
            ready: ready.map_err(|error| of(&chosen, error))?,
            chosen,
            lock,
            limit,
        });
    }
    require_none_refused(&fetched, job)?;
    let mut report = RestoreReport::of_set(&set.id);
    for member in fetched {
        let ReadyMember {
            ready,
            chosen,
            lock,
            limit,
        } = member;
        let strategy = &chosen.member.strategy;
        // Those that are left stay as they are: together they would be of two moments.
        if report.error.is_some() {
            report.leave_out(strategy);
            continue;
        }
        tracing::info!(id, strategy, "a member of the set is restored");
        let deadline = Deadline::start(limit, job.cancel());
        let restored = deadline.and_then(|_deadline| ready.apply(chosen.context, &lock, job));
        match restored {
            Ok(done) => report.add(strategy, done),
            Err(error) => report.fail(strategy, of(&chosen, error)),
        }
    }
    Ok(report)
}

/// A member for which all is fetched, and nothing is touched.
struct ReadyMember<'a> {
    ready: ReadyRestore,
    chosen: Chosen<'a>,
    lock: RunLock,
    limit: Option<Duration>,
}

/// Asks every member before the first is touched: together with what one refuses, the others would be of two moments.
fn require_none_refused(members: &[ReadyMember<'_>], job: &Arc<Job>) -> Result<()> {
    let mut refused = Vec::new();
    for member in members {
        let _deadline = Deadline::start(member.limit, job.cancel())?;
        let context = member.chosen.context;
        let asked = member.ready.require_not_refused(context, &member.lock, job);
        job.cancel().check()?;
        refused.extend(asked.err().map(|error| of(&member.chosen, error)));
    }
    match Error::joined(&refused) {
        None => Ok(()),
        Some(all) => {
            let why = all.hint_text().map(|hint| format!("; {hint}"));
            let hint = format!("no member was touched{}", why.unwrap_or_default());
            Err(all.hint(hint))
        }
    }
}

/// Plans one member.
fn plan(context: &Context, set: &FoundSet, chosen: &Chosen<'_>, run: &str) -> Result<Planned> {
    let choices = chosen.order.choices(run, Purpose::Restore);
    let find = || set.member(context, chosen);
    let planned = restore::plan_found(chosen.context, &chosen.order, choices, find);
    planned.map_err(|error| of(chosen, error))
}

/// A failure with the member's name.
fn of(chosen: &Chosen<'_>, error: Error) -> Error {
    error.named(&chosen.member.strategy).caused_by(error)
}
