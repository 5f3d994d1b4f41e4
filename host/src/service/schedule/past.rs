//! What is known of earlier runs when the schedule begins.

use jiff::Timestamp;

use super::due::LATE;
use crate::clock;
use crate::config::StoreSpec;
use crate::error::Result;
use crate::history::RunState;
use crate::schedule::{Past, Slot};
use crate::service::context::Context;
use crate::store::RetryPolicy;

/// What the journal knows of earlier runs, and the stores of those of replicas. A time that is still to
/// come was written by a clock that was wrong: it does not count as done.
pub(super) fn past(context: &Context) -> Past {
    let succeeded = context.history().last(RunState::Succeeded);
    let journal = succeeded.and_then(|run| run.started_at);
    let known: Vec<Timestamp> = journal.into_iter().chain(stored(context)).collect();
    let late = context.history().last_asked_by(LATE);
    Past {
        succeeded: latest_before(&known, clock::now()),
        // The newest slot that had passed by then.
        caught_up: late
            .filter(|run| has_passed(run.queued_at, clock::now()))
            .map(|run| Slot::at(run.queued_at)),
    }
}

/// The latest that has passed; if all are still to come, none can be told from a missed one.
fn latest_before(known: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let passed = known.iter().copied().filter(|at| has_passed(*at, now));
    let unknown = (!known.is_empty()).then_some(Timestamp::UNIX_EPOCH);
    passed.max().or(unknown)
}

fn has_passed(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) <= clock::TOLERANCE
}

/// When the backups were begun that the stores have. One that does not answer has none.
fn stored(context: &Context) -> Vec<Timestamp> {
    let stores = context.config().stores.iter();
    let asked = stores.flat_map(|spec| {
        stored_in(context, spec).unwrap_or_else(|error| {
            let (store, hint) = (&spec.name, error.hint_text());
            tracing::warn!(store, hint, "cannot see which backups it has: {error}");
            Vec::new()
        })
    });
    asked.collect()
}

fn stored_in(context: &Context, spec: &StoreSpec) -> Result<Vec<Timestamp>> {
    let catalogue = context.runtime()?.block_on(async {
        let store = context
            .claimant()
            .open_to_read(spec, RetryPolicy::CHECK)
            .await?;
        store.catalogue().await
    })?;
    let backups = catalogue.own();
    Ok(backups.map(|backup| backup.manifest.started_at).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_still_to_come_was_not_done() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-06-03T12:00:00Z");
        let (night, future) = (at("2026-06-02T03:00:00Z"), at("2099-01-01T03:00:00Z"));
        assert_eq!(latest_before(&[future, night], now), Some(night));
        assert_eq!(latest_before(&[future], now), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(latest_before(&[], now), None);
        let soon = at("2026-06-03T12:10:00Z");
        assert_eq!(latest_before(&[soon, night], now), Some(soon));
    }
}
