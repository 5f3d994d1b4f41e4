//! The state of a strategy, from what is known of it. Pure: the clock is an argument.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::due;
use super::facts::{FoundCopy, MemberFacts, is_of_the_future};
use super::reason::StatusReason;
use super::reasons;
use super::state::MemberState;
use super::view::{
    DamagedCopy, DrillResult, LastGood, LastRun, MemberStatus, StoreStatus, VerifiedCopy,
};
use crate::history::{Run, RunState};
use crate::store::BackupHealth;

/// Reasons, damaged copies and missing uploads that are told.
const MOST: usize = 20;

/// How a strategy stands at `facts.now`.
pub(super) fn judge(facts: MemberFacts) -> MemberStatus {
    let last_good = last_good(&facts);
    let last_run = facts.backups.iter().find(|run| run.state.is_over());
    let failed_run = last_run.filter(|run| is_news(run, last_good.as_ref(), &facts));
    let damaged = damaged(&facts);
    let missed = missed(&facts, last_good.as_ref());
    let had_one = facts
        .backups
        .iter()
        .any(|run| run.state == RunState::Succeeded);
    let tried = last_good.is_none() && (failed_run.is_some() || had_one);
    let nothing_left = last_good.is_none() && !damaged.is_empty();
    let is_unclear = last_good.is_none() && facts.stores.iter().any(|store| store.error.is_some());

    let mut why = Vec::new();
    if (tried || nothing_left) && !is_unclear {
        let since = damaged.iter().filter_map(|copy| copy.at).min();
        why.push(reasons::no_good_backup(
            damaged.len(),
            had_one,
            since,
            facts.name.as_deref(),
        ));
    }
    if let Some(first) = missed.last() {
        why.push(reasons::overdue(
            *first,
            missed.len(),
            last_good.as_ref(),
            facts.name.as_deref(),
        ));
    }
    why.extend(
        unforeseen(&facts, last_good.as_ref()).filter(|_| !tried && !nothing_left && !is_unclear),
    );
    why.extend(failed_run.map(|run| reasons::last_run_failed(&LastRun::from(run))));
    why.extend(of_the_future(&facts));
    let away = |store: &StoreStatus| {
        let error = store.error.as_ref()?;
        Some(reasons::store_unreadable(
            &store.name,
            error,
            store.listed_at,
        ))
    };
    why.extend(facts.stores.iter().filter_map(away));
    why.extend(damaged.iter().map(reasons::copy_damaged));
    why.extend(facts.missing_uploads.iter().map(reasons::upload_missing));
    let drill_failed = facts
        .last_drill
        .iter()
        .filter(|drill| is_failure(drill.state));
    why.extend(drill_failed.map(reasons::drill_failed));
    why.truncate(MOST);

    let state = if is_unclear || !facts.is_known {
        MemberState::Unknown
    } else if tried
        || nothing_left
        || missed.len() > 1
        || (last_good.is_none() && missed.len() == 1)
    {
        MemberState::Failed
    } else if !why.is_empty() {
        MemberState::Late
    } else if last_good.is_some() {
        MemberState::Fresh
    } else {
        MemberState::Never
    };
    MemberStatus {
        state,
        since: why
            .iter()
            .filter_map(|reason: &StatusReason| reason.since)
            .min(),
        why,
        due: due_at(&facts, last_good.as_ref()),
        next: facts.next,
        last_run: last_run.map(LastRun::from),
        last_verified: last_verified(&facts.copies),
        last_good,
        running: facts.running,
        last_drill: facts.last_drill,
        proven: facts.proven,
        damaged: damaged.into_iter().take(MOST).collect(),
        missing_uploads: facts.missing_uploads.into_iter().take(MOST).collect(),
        stores: facts.stores,
        name: facts.name,
        strategy: facts.strategy,
    }
}

fn is_good(copy: &FoundCopy) -> bool {
    copy.health.is_good()
}

fn last_good(facts: &MemberFacts) -> Option<LastGood> {
    let copies = &facts.copies;
    let mut good = copies.iter().filter(|copy| is_good(copy));
    let is_dated = |copy: &&FoundCopy| !is_of_the_future(copy.at, facts.now);
    let newest = good.clone().find(is_dated).or_else(|| good.next())?;
    let mut runs = facts.backups.iter();
    let run = runs.find(|run| run.id == newest.id);
    let same = copies
        .iter()
        .filter(|copy| copy.id == newest.id && is_good(copy));
    let stores: BTreeSet<&String> = same.filter_map(|copy| copy.store.as_ref()).collect();
    Some(LastGood {
        id: newest.id.clone(),
        at: newest.at,
        size: newest.size,
        raw_size: Some(newest.raw_size),
        stores: stores.into_iter().cloned().collect(),
        // The manifest lists what was left out too, and the journal may be of another disk.
        warnings: run.map_or(newest.omissions, Run::warning_count),
    })
}

fn last_verified(copies: &[FoundCopy]) -> Option<VerifiedCopy> {
    let verified = copies.iter().filter_map(|copy| match copy.health {
        BackupHealth::Verified { at } => Some((at, copy)),
        _ => None,
    });
    let (at, copy) = verified.max_by_key(|(at, _)| *at)?;
    Some(VerifiedCopy {
        id: copy.id.clone(),
        store: copy.store.clone().unwrap_or_default(),
        at,
    })
}

/// Copies that a reader has found damaged, and those that cannot even be listed.
fn damaged(facts: &MemberFacts) -> Vec<DamagedCopy> {
    let good = |id: &str| {
        let same = facts
            .copies
            .iter()
            .filter(|copy| copy.id == id && is_good(copy));
        let stores: BTreeSet<&String> = same.filter_map(|copy| copy.store.as_ref()).collect();
        stores.into_iter().cloned().collect::<Vec<_>>()
    };
    let read = facts.copies.iter().filter_map(|copy| match &copy.health {
        BackupHealth::Damaged { at, reason } => Some(DamagedCopy {
            id: Some(copy.id.clone()),
            store: copy.store.clone().unwrap_or_default(),
            key: copy.key.clone(),
            at: Some(*at),
            reason: reason.clone(),
            good: good(&copy.id),
        }),
        _ => None,
    });
    read.chain(facts.unusable.iter().cloned()).collect()
}

fn is_failure(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::Interrupted)
}

/// Whether a run failed and nothing has made good for it since: a newer backup, or its own uploads sent later.
fn is_news(run: &Run, last_good: Option<&LastGood>, facts: &MemberFacts) -> bool {
    let made_good = |good: &LastGood| match good.id == run.id {
        true => facts
            .missing_uploads
            .iter()
            .all(|upload| upload.id != run.id),
        false => made_at(facts, good) > run.queued_at,
    };
    is_failure(run.state) && !last_good.is_some_and(made_good)
}

/// When a backup was made, as far as its date can be true.
fn made_at(facts: &MemberFacts, good: &LastGood) -> Timestamp {
    match is_of_the_future(good.at, facts.now) {
        true => facts.since,
        false => good.at,
    }
}

/// The newest good copy that is dated in the future.
fn of_the_future(facts: &MemberFacts) -> Option<StatusReason> {
    let mut good = facts.copies.iter().filter(|copy| is_good(copy));
    let found = good.find(|copy| is_of_the_future(copy.at, facts.now))?;
    Some(reasons::of_the_future(&found.id, found.at))
}

/// The times at which backups were due that are not there, newest first.
fn missed(facts: &MemberFacts, last_good: Option<&LastGood>) -> Vec<Timestamp> {
    let since = last_good.map_or(facts.since, |good| made_at(facts, good));
    if !facts.is_scheduled {
        let expected = due::expected_interval(&facts.began()).zip(last_good);
        let Some((interval, good)) = expected else {
            return Vec::new();
        };
        let times = [interval * 2, interval].map(|after| good.at.checked_add(after).ok());
        return times
            .into_iter()
            .flatten()
            .filter(|due| *due < facts.now)
            .collect();
    }
    let durations: Vec<u64> = facts.backups.iter().filter_map(made_in).collect();
    let tolerance = due::tolerance(&durations);
    let starts = facts.starts.iter().filter(|start| {
        let late = start.at.checked_add(tolerance);
        start.slot.time() > since && late.is_ok_and(|late| late < facts.now)
    });
    starts.map(|start| start.at).collect()
}

/// Neither a schedule nor a rhythm says when a backup is due, and what there is has become old.
fn unforeseen(facts: &MemberFacts, last_good: Option<&LastGood>) -> Option<StatusReason> {
    let began = facts.began();
    // Whose strategies are backed up one by one never makes a set.
    let is_none_asked = facts.is_set && last_good.is_none();
    if is_none_asked
        || facts.is_scheduled
        || !facts.is_known
        || due::expected_interval(&began).is_some()
    {
        return None;
    }
    let newest = last_good.map_or(facts.since, |good| made_at(facts, good));
    let limit = newest.checked_add(due::longest_unknown(&began)).ok()?;
    (limit < facts.now).then(|| reasons::no_rhythm(newest, limit, last_good))
}

/// Milliseconds.
fn made_in(run: &Run) -> Option<u64> {
    run.duration_ms.filter(|_| run.state == RunState::Succeeded)
}

fn due_at(facts: &MemberFacts, last_good: Option<&LastGood>) -> Option<Timestamp> {
    match facts.is_scheduled {
        true => facts.starts.first().map(|start| start.at),
        false => {
            let interval = due::expected_interval(&facts.began())?;
            last_good?.at.checked_add(interval).ok()
        }
    }
}

impl From<&Run> for DrillResult {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id.clone(),
            state: run.state,
            at: run.finished_at.unwrap_or(run.queued_at),
            error: run.error.clone(),
        }
    }
}
