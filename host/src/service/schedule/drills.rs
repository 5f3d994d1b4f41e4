//! Starts the drills that are due, unless a replica makes them.

use std::convert::Infallible;
use std::sync::Arc;

use super::clock::Clock;
use super::due::{ON_TIME, follow};
use super::lease::SharedTask;
use super::shared_slot::run_slot;
use crate::schedule::{Past, Slot, Timetable};
use crate::service::context::Context;
use crate::service::runs::queue::Queue;
use crate::service::runs::request::RunRequest;

/// Runs until it is dropped. A drill that was missed is not made up for.
pub(in crate::service) async fn run_drills(
    queue: &Arc<Queue>,
    context: &Arc<Context>,
    timetable: &Timetable,
    clock: &impl Clock,
) -> Infallible {
    let run = |_, slot: Slot| {
        let period = timetable.period_at(slot.time());
        let request = RunRequest {
            asked_by: ON_TIME.to_owned(),
            has_lease: true,
            strategy: context.config().member.clone(),
            ..RunRequest::drill()
        };
        run_slot(queue, context, SharedTask::Drill, request, slot, period)
    };
    follow(
        "drill",
        timetable,
        Past::default(),
        clock.moment(),
        clock,
        run,
    )
    .await;
    std::future::pending().await
}
