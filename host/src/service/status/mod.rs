//! How the strategies stand: what the stores hold, the journal, the schedule and the run in progress, judged by the clock.
//!
//! ```text
//! listing of the stores ──┐
//! journal, missed uploads ├──► facts ──► judge, pure ──► MemberStatus
//! schedule ──► due, pure ─┘               reasons
//! ```
//!
//! The last days, one by one, are told beside it: `facts ──► days`, pure too.
//!
//! A state is never one of the last run alone: a backup that is no longer in any store counts for nothing.

mod days;
mod due;
mod facts;
mod judge;
mod reason;
mod reasons;
mod state;
mod view;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::catalogue::StoreListing;
use super::runs::RunHandle;
use crate::clock;
pub use days::{DayState, DayStatus, StrategyDays};
pub(super) use facts::ScheduledStrategy;
pub use reason::StatusReason;
pub use state::MemberState;
pub use view::{
    DamagedCopy, DrillResult, LastGood, LastRun, MemberStatus, MissingUpload, RunInProgress,
    SidecarStatus, StoreStatus, VerifiedCopy,
};

/// The last days of each strategy, in the order of `all`.
pub(super) fn days(
    all: &[ScheduledStrategy<'_>],
    listing: Option<&StoreListing>,
    since: Timestamp,
) -> Vec<StrategyDays> {
    let now = clock::now();
    let each = all.iter().map(|one| {
        let facts = facts::of(one, listing, None, since, now);
        let runs = facts::backups(one.context, days::first(now), facts::RUNS_OF_DAYS);
        StrategyDays {
            days: days::days(&facts, &runs, &one.timetables),
            name: facts.name,
        }
    });
    each.collect()
}

/// How each strategy stands now, and of several the set: `all` begins with what the sidecar is, the only strategy or
/// the set. `since` is when this process started.
pub(super) fn status(
    all: &[ScheduledStrategy<'_>],
    listing: Option<&StoreListing>,
    running: Option<&RunHandle>,
    since: Timestamp,
) -> SidecarStatus {
    let now = clock::now();
    let judged =
        |one: &ScheduledStrategy<'_>| judge::judge(facts::of(one, listing, running, since, now));
    let (set, members) = match all {
        [set, members @ ..] if !members.is_empty() => (Some(judged(set)), members),
        all => (None, all),
    };
    let members: Vec<MemberStatus> = members.iter().map(judged).collect();
    let states = members.iter().chain(&set).map(|one| one.state);
    SidecarStatus {
        as_of: now,
        listed_at: listing.map(|listing| listing.at),
        state: states.max().unwrap_or(MemberState::Never),
        members,
        set,
    }
}
