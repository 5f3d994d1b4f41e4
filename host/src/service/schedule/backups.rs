//! Starts the backups that are due, unless a replica makes them.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::clock::Clock;
use super::due::follow;
use super::lease::SharedTask;
use super::past::past;
use super::shared_slot::run_slot;
use crate::schedule::{Slot, Timetable};
use crate::service::context::Context;
use crate::service::runs::queue::Queue;
use crate::service::runs::request::RunRequest;

/// Starts what the timetable names, first what was missed, until it is dropped.
pub(in crate::service) async fn run_backups(
    queue: &Arc<Queue>,
    context: &Arc<Context>,
    timetable: &Timetable,
    clock: &impl Clock,
) -> Infallible {
    let begun = clock.moment();
    if timetable.next(begun.wall).is_some() {
        let asked = context.clone();
        // A journal that cannot be read knows of no run.
        let past = spawn_blocking(move || past(&asked)).await;
        let run = |asked_by: &'static str, slot: Slot| {
            let request = RunRequest {
                asked_by: asked_by.to_owned(),
                strategy: context.config().member.clone(),
                ..RunRequest::new(None)
            };
            let period = timetable.period_at(slot.time());
            run_slot(queue, context, SharedTask::Backup, request, slot, period)
        };
        follow(
            "backup",
            timetable,
            past.unwrap_or_default(),
            begun,
            clock,
            run,
        )
        .await;
    }
    // Nothing more will ever be due.
    std::future::pending().await
}
