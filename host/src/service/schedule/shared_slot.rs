//! What is due at a slot, done by one of several replicas.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::lease::{SharedTask, SlotLease, acquire, release};
use super::start::run_now;
use crate::clock;
use crate::error::Result;
use crate::schedule::Slot;
use crate::service::context::Context;
use crate::service::runs::job::Job;
use crate::service::runs::queue::Queue;
use crate::service::runs::request::RunRequest;
use crate::store::{LeaseWatch, RenewedLease};

/// Between two looks at what a replica does.
const LEASE_INTERVAL: Duration = Duration::from_secs(5);
/// The same where a person waits.
const WAIT_INTERVAL: Duration = Duration::from_secs(1);

/// Does it, unless a replica does. If that one dies over it, this one does it. `period` is the time to
/// the next slot.
pub(super) async fn run_slot(
    queue: &Arc<Queue>,
    of: &Arc<Context>,
    task: SharedTask,
    request: RunRequest,
    slot: Slot,
    period: Duration,
) {
    let (time, what) = (slot.time(), task.word());
    let mut known = None;
    let mut watch = LeaseWatch::of_period(period);
    loop {
        let (context, id) = (of.clone(), request.id.clone());
        let asked = spawn_blocking(move || acquire(&context, task, slot, &id, watch)).await;
        match asked {
            Ok(Ok(SlotLease::Acquired(leases))) => {
                let job = run_now(queue, of, request).await;
                let done = job.is_some_and(|job| job.is_done());
                let context = of.clone();
                // A lease that could not be released was logged, and ends by itself.
                let _ = spawn_blocking(move || release(&context, leases, done)).await;
                return;
            }
            Ok(Ok(SlotLease::Done { owner })) => {
                tracing::info!(owner, "a replica has made the {what} of {time}");
                return;
            }
            Ok(Ok(SlotLease::Busy {
                owner,
                left,
                watch: seen,
            })) => {
                if known.as_ref() != Some(&owner) {
                    tracing::info!(owner, "a replica is making the {what} of {time}");
                }
                known = Some(owner);
                watch = seen;
                sleep(LEASE_INTERVAL.min(left)).await;
            }
            // Without an event loop no replica can be asked: two backups are better than none.
            Ok(Err(_)) | Err(_) => {
                run_now(queue, of, request).await;
                return;
            }
        }
    }
}

/// Waits on this thread until no replica does it, for a run that a person has asked for.
pub(super) fn wait_for_lease(
    context: &Context,
    task: SharedTask,
    job: &Job,
) -> Result<Vec<RenewedLease>> {
    let mut known = None;
    let mut watch = LeaseWatch::default();
    // Its own moment: no replica has done that before.
    let slot = Slot::at(clock::now());
    loop {
        job.cancel().check()?;
        match acquire(context, task, slot, &job.request().id, watch)? {
            SlotLease::Acquired(leases) => return Ok(leases),
            // Its clock is ahead of this one.
            SlotLease::Done { .. } => return Ok(Vec::new()),
            SlotLease::Busy {
                owner,
                left,
                watch: seen,
            } => {
                if known.as_ref() != Some(&owner) {
                    tracing::warn!(
                        owner,
                        "a replica is making a {}: waiting for its end",
                        task.word()
                    );
                }
                known = Some(owner);
                watch = seen;
                std::thread::sleep(WAIT_INTERVAL.min(left));
            }
        }
    }
}
