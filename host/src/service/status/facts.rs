//! What is known of a strategy, collected for the judge.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::due;
use super::view::{DamagedCopy, DrillResult, MissingUpload, RunInProgress, StoreStatus};
use crate::history::{Run, RunState};
use crate::schedule::{Start, Timetable};
use crate::service::catalogue::{StoreListing, StrategyListing, missed_uploads};
use crate::service::context::Context;
use crate::service::folders;
use crate::service::restore::{self, BackupPlace};
use crate::service::runs::{Order, RunHandle};
use crate::service::set;
use crate::store::BackupHealth;

/// Runs of the journal that are looked at.
const RUNS: usize = 50;
/// The same for the last days: of a backup every ten minutes, all.
pub(super) const RUNS_OF_DAYS: usize = 5000;

/// By how much the clocks of several machines may differ.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A strategy, or the set of several, and what starts its runs.
pub(in crate::service) struct ScheduledStrategy<'a> {
    pub(in crate::service) context: &'a Context,
    /// Its own, and of a member that of its set.
    pub(in crate::service) timetables: Vec<&'a Timetable>,
}

/// All that a state follows from.
pub(super) struct MemberFacts {
    pub(super) name: Option<String>,
    pub(super) strategy: String,
    /// Whether it is what several strategies make together.
    pub(super) is_set: bool,
    pub(super) now: Timestamp,
    /// From here on a backup could have been made.
    pub(super) since: Timestamp,
    /// Whether the stores have ever answered, or there are none.
    pub(super) is_known: bool,
    /// Whether a schedule starts its runs.
    pub(super) is_scheduled: bool,
    /// The last times at which a run was due, newest first: the newest good backup, or else `since`, is older than all but
    /// the last.
    pub(super) starts: Vec<Start>,
    pub(super) next: Option<Timestamp>,
    /// Newest first; one that is in several places stands there once for each.
    pub(super) copies: Vec<FoundCopy>,
    /// Copies that cannot even be listed.
    pub(super) unusable: Vec<DamagedCopy>,
    pub(super) stores: Vec<StoreStatus>,
    /// Newest first.
    pub(super) missing_uploads: Vec<MissingUpload>,
    /// Runs that make backups, newest first.
    pub(super) backups: Vec<Run>,
    pub(super) last_drill: Option<DrillResult>,
    pub(super) proven: Option<DrillResult>,
    pub(super) running: Option<RunInProgress>,
}

/// A copy of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundCopy {
    pub(super) id: String,
    /// When the run began.
    pub(super) at: Timestamp,
    /// Bytes, as it lies there.
    pub(super) size: u64,
    /// Bytes before compression and encryption.
    pub(super) raw_size: u64,
    /// Whether it shares its bytes with other backups.
    pub(super) is_in_repository: bool,
    /// How much was left out by permission.
    pub(super) omissions: usize,
    /// None if it lies in `paths.artifacts`.
    pub(super) store: Option<String>,
    pub(super) key: String,
    pub(super) health: BackupHealth,
}

impl MemberFacts {
    /// When each backup began that there is or was, newest first: a store that keeps few, or none, hides no rhythm.
    pub(super) fn began(&self) -> Vec<Timestamp> {
        let made = self.backups.iter();
        let made = made.filter(|run| run.state == RunState::Succeeded);
        let made = made.filter_map(|run| Some((&run.id, run.started_at?)));
        let found = self.copies.iter().map(|copy| (&copy.id, copy.at));
        let found = found.filter(|(_, at)| !is_of_the_future(*at, self.now));
        let by_id: BTreeMap<_, _> = made.chain(found).collect();
        let mut began: Vec<Timestamp> = by_id.into_values().collect();
        began.sort_by(|a, b| b.cmp(a));
        began.dedup();
        began
    }
}

/// Whether a clock that was ahead has dated it: how old it is cannot be said.
pub(super) fn is_of_the_future(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > CLOCK_TOLERANCE
}

/// What is known of `one` at `now`.
pub(super) fn of(
    one: &ScheduledStrategy<'_>,
    listing: Option<&StoreListing>,
    running: Option<&RunHandle>,
    started: Timestamp,
    now: Timestamp,
) -> MemberFacts {
    let context = one.context;
    let config = context.config();
    let listed = listing.and_then(|listing| listing.of(config.member.as_deref()));
    let (copies, unusable) = match (listing, listed) {
        (Some(listing), Some(listed)) => stored(context, listing, listed),
        _ if config.stores.is_empty() => published(context),
        _ => (Vec::new(), Vec::new()),
    };
    let has_journal = folders::shared_folder(&config.paths).is_dir();
    let history = has_journal.then(|| context.history());
    let (last_drill, proven) = history.map(|history| history.drills()).unwrap_or_default();
    let began = history.and_then(|history| history.began());
    let since = began.map_or(started, |began| began.min(started));
    let newest_good = copies
        .iter()
        .find(|copy| copy.health.is_good() && !is_of_the_future(copy.at, now));
    let newest_good = newest_good.map(|copy| copy.at);
    let next = one.timetables.iter().filter_map(|table| table.next(now));
    MemberFacts {
        name: config.member.clone(),
        strategy: config.strategy.name.clone(),
        is_set: context.set().is_some(),
        now,
        since,
        is_known: config.stores.is_empty() || listed.is_some(),
        next: next.min().map(|start| start.at),
        starts: due::starts(&one.timetables, newest_good.unwrap_or(since), now),
        is_scheduled: one.timetables.iter().any(|table| table.next(now).is_some()),
        stores: listed
            .map(|listed| stores(listed, &copies))
            .unwrap_or_default(),
        copies,
        unusable,
        missing_uploads: missing_uploads(context),
        backups: backups(context, None, RUNS),
        last_drill: last_drill.as_ref().map(DrillResult::from),
        proven: proven.as_ref().map(DrillResult::from),
        running: running.and_then(|running| in_progress(running, config.member.as_deref())),
    }
}

/// The last runs of the journal that make backups, newest first; of all times, or since then.
pub(super) fn backups(context: &Context, since: Option<Timestamp>, at_most: usize) -> Vec<Run> {
    let has_journal = folders::shared_folder(&context.config().paths).is_dir();
    let runs = has_journal.then(|| context.history().own_backups(since, at_most));
    runs.unwrap_or_default()
}

/// What the stores hold. A set of which a member is in no store is none that could be restored.
fn stored(
    context: &Context,
    listing: &StoreListing,
    listed: &StrategyListing,
) -> (Vec<FoundCopy>, Vec<DamagedCopy>) {
    // Of no set, it is true.
    let is_whole = set::is_whole(context, listing.backups());
    let own = listed.catalogue.own();
    let (whole, broken): (Vec<_>, Vec<_>) = own.partition(|one| is_whole(&one.manifest));
    let copies = whole.into_iter().map(|backup| FoundCopy {
        id: backup.manifest.id.clone(),
        at: backup.manifest.started_at,
        size: backup.manifest.artifact.size,
        raw_size: backup.manifest.artifact.raw_size,
        is_in_repository: backup.manifest.artifact.repository.is_some(),
        omissions: backup.manifest.omissions.len(),
        store: Some(backup.store.clone()),
        key: backup.key.clone(),
        health: backup.health.clone(),
    });
    let broken = broken.into_iter().map(|backup| DamagedCopy {
        id: Some(backup.manifest.id.clone()),
        store: backup.store.clone(),
        key: backup.key.clone(),
        at: None,
        reason: "a backup that the set names is in no store, or damaged".to_owned(),
        good: Vec::new(),
    });
    let unusable = listed.catalogue.damaged.iter().map(|damaged| DamagedCopy {
        id: None,
        store: damaged.store.clone(),
        key: damaged.key.clone(),
        at: None,
        reason: damaged.error.message().to_owned(),
        good: Vec::new(),
    });
    (copies.collect(), broken.chain(unusable).collect())
}

/// Without stores: what was published last, if it is still there.
fn published(context: &Context) -> (Vec<FoundCopy>, Vec<DamagedCopy>) {
    let Ok(found) = restore::find(context, &Order::all_of("latest")) else {
        return (Vec::new(), Vec::new());
    };
    let BackupPlace::File(path) = &found.place else {
        return (Vec::new(), Vec::new());
    };
    let artifact = &found.manifest.artifact;
    let is_there = std::fs::metadata(path).is_ok_and(|file| file.len() == artifact.size);
    let copy = FoundCopy {
        id: found.manifest.id.clone(),
        at: found.manifest.started_at,
        size: artifact.size,
        raw_size: artifact.raw_size,
        is_in_repository: false,
        omissions: found.manifest.omissions.len(),
        store: None,
        key: artifact.filename.clone(),
        health: BackupHealth::Never,
    };
    match is_there {
        true => (vec![copy], Vec::new()),
        false => (Vec::new(), Vec::new()),
    }
}

fn stores(listed: &StrategyListing, copies: &[FoundCopy]) -> Vec<StoreStatus> {
    let here = |name: &str| {
        let all = copies.iter();
        all.filter(|copy| copy.store.as_deref() == Some(name))
            .collect::<Vec<_>>()
    };
    let good = |copies: &[&FoundCopy]| {
        let good = copies.iter().filter(|copy| copy.health.is_good());
        let mut ids: Vec<&str> = good.map(|copy| copy.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    };
    let bytes = |copies: &[&FoundCopy]| {
        let shares = copies.iter().any(|copy| copy.is_in_repository);
        (!shares).then(|| copies.iter().map(|copy| copy.size).sum())
    };
    let stores = listed.stores.iter().map(|store| StoreStatus {
        backups: good(&here(&store.name)),
        bytes: bytes(&here(&store.name)),
        name: store.name.clone(),
        listed_at: store.listed_at,
        error: store.error.clone(),
    });
    stores.collect()
}

/// Newest first. What cannot be read there, `check` says.
fn missing_uploads(context: &Context) -> Vec<MissingUpload> {
    let folder = missed_uploads::folder(&context.state_folder());
    let missed = missed_uploads::read_all(&folder).map(|found| found.whole);
    let missed = missed.unwrap_or_default().into_iter().rev();
    let told = missed.map(|missed| MissingUpload {
        id: missed.manifest.id,
        at: missed.manifest.started_at,
        stores: missed.stores,
    });
    told.collect()
}

/// The run in progress of the strategy `name`: the one that was started, or one of its members.
fn in_progress(running: &RunHandle, name: Option<&str>) -> Option<RunInProgress> {
    let (run, job) = match running {
        RunHandle::Written(run) => ((**run).clone(), None),
        RunHandle::Here(job) => {
            let mut all = std::iter::once(job).chain(job.members());
            let job = all.find(|job| job.run().member.as_deref() == name)?;
            (job.run(), Some(job))
        }
    };
    let is_ours = run.member.as_deref() == name && !run.state.is_over();
    is_ours.then(|| RunInProgress {
        progress: job.map(|job| job.progress()),
        id: run.id,
        kind: run.kind,
        state: run.state,
        asked_by: run.asked_by,
        started_at: run.started_at,
    })
}
