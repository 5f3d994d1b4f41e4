//! Starts a run, after the one in progress.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::error::{Kind, Result};
use crate::service::context::Context;
use crate::service::runs::handle::RunHandle;
use crate::service::runs::job::Job;
use crate::service::runs::queue::Queue;
use crate::service::runs::record;
use crate::service::runs::request::RunRequest;

/// How often the run lock is tried while another process has it.
const LOCK_INTERVAL: Duration = Duration::from_secs(2);

/// Waits for the run in progress, starts the next one and waits for its end.
pub(super) async fn run_now(
    queue: &Arc<Queue>,
    of: &Arc<Context>,
    request: RunRequest,
) -> Option<Arc<Job>> {
    let mut waits = false;
    loop {
        let (starting, context, request) = (queue.clone(), of.clone(), request.clone());
        let started = spawn_blocking(move || start(&starting, &context, request)).await;
        match started {
            Ok(Ok(RunHandle::Here(job))) => {
                job.over().await;
                return Some(job);
            }
            Ok(Err(busy)) if busy.kind() == Kind::Busy => {
                if !std::mem::replace(&mut waits, true) {
                    tracing::warn!("what the schedule starts waits for the run in progress");
                }
                match queue.job() {
                    Some(job) => drop(job.over().await),
                    None => sleep(LOCK_INTERVAL).await,
                }
            }
            // It was logged already, or the sidecar is stopping.
            _ => return None,
        }
    }
}

/// A run that cannot even begin is a failed run: otherwise it would be neither recorded nor notified.
fn start(queue: &Queue, context: &Context, request: RunRequest) -> Result<RunHandle> {
    let started = queue.start(request.clone());
    if let Err(error) = &started
        && !matches!(error.kind(), Kind::Busy | Kind::ShuttingDown)
    {
        tracing::error!(
            code = error.code(),
            hint = error.hint_text(),
            "what the schedule starts cannot begin: {error}"
        );
        record::give_up(context.history(), &Job::new(context, request), error);
    }
    started
}
