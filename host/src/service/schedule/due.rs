//! The loop that waits for what is due.

use super::clock::{Clock, LOOK_INTERVAL};
use crate::schedule::{Moment, NextStep, Past, Slot, SlotWatch, Timetable};

/// The asker of a run that starts on time.
pub(super) const ON_TIME: &str = "schedule";
/// The asker of a run that makes up for a missed one.
pub(super) const LATE: &str = "schedule, late";

/// Calls `run`, with the asker that is recorded, whenever a run is due after `begun`, one after the
/// other. Never waits for a time: it looks at the clocks, which may have been set.
pub(super) async fn follow<F: Future<Output = ()>>(
    what: &str,
    timetable: &Timetable,
    past: Past,
    begun: Moment,
    clock: &impl Clock,
    mut run: impl FnMut(&'static str, Slot) -> F,
) {
    if timetable.next(begun.wall).is_none() {
        return;
    }
    let mut watch = SlotWatch::begin(timetable, begun);
    if let Some(slot) = timetable.missed(past, begun.wall) {
        tracing::warn!("the {what} of {} was missed: making it now", slot.time());
        run(LATE, slot).await;
        watch.ran(slot, begun, clock.moment());
    }
    announce(what, &watch);
    loop {
        let now = clock.moment();
        match watch.next_step(now) {
            NextStep::Due(slot) => {
                run(ON_TIME, slot).await;
                if let Some(passed) = watch.ran(slot, now, clock.moment()) {
                    tracing::warn!(
                        "the {what} of {} is skipped: the one before it took until now",
                        passed.slot.time()
                    );
                }
                announce(what, &watch);
            }
            NextStep::Replanned(_) => {
                tracing::warn!("the clock was set back to {:.0}", now.wall);
                announce(what, &watch);
            }
            NextStep::Wait(longest) => clock.wait(longest.min(LOOK_INTERVAL)).await,
        }
    }
}

fn announce(what: &str, watch: &SlotWatch<'_>) {
    if let Some(start) = watch.planned() {
        tracing::info!("next {what} at {:.0}", start.at);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
