//! The façade over all that the sidecar can do: one line for each verb.
//!
//! ```text
//! check       what a run needs, tested before it
//! backup/     one run, from the lock to the published artifact
//! restore/    find, plan, download, apply, report
//! browse/     pages of backups, with what becomes of each; what lies in one
//! catalogue/  what the stores hold: list, fetch, verify, prune, upload what they missed
//! verification  one backup or all, read again, by itself or as a run
//! schedule/   runs that start by themselves: due slots, replica leases, drills
//! set/        several strategies as one: quiesce, members, list, restore
//! status/     how each strategy stands, by the clock
//! runs/       what runs now: queue, lock, progress, events
//! context     what all of them stand on: configuration, engine, journal, event loop
//! ```
//!
//! A verb is a folder; a step is a file in it, and a function that takes what it needs. Files import
//! without circles, and only this one knows all verbs.

mod backup;
mod browse;
mod catalogue;
mod check;
mod context;
mod folders;
mod jobs;
mod lock;
mod module_access;
mod overlap;
mod owner;
mod ownership;
mod restore;
mod restore_needs;
mod retention_rules;
mod runs;
mod schedule;
mod set;
mod set_ties;
mod shown_config;
mod status;
mod strategy;
mod timekeeper;
mod variables;
mod verification;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{self, PlausibleTime};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::history::History;
use context::Context;
use schedule::Timetables;

pub use crate::artifact::archive::EntryKind;
pub use crate::artifact::manifest::{Contents, Manifest, Sha256};
pub use crate::artifact::set_archive::{self, ArchiveWriter};
pub use crate::artifact::{Part, SpoolReader};
pub use crate::history::{
    AuditEntry, PartOutcome, Run, RunArtifact, RunFailure, RunKind, RunOmission, RunState,
};
pub use crate::modules::{
    CheckStatus, Conformance, Finding, Inspection, Language, LockChange, LockReport, ModuleProbe,
    Permission, Pulled, Pushed, ScratchFolder, TestSettings, allow_block, allow_options,
    builtin_schema, new_module, pull, push,
};
pub use crate::plan::{AccessVerdict, AllowedRule};
pub use crate::run_log::{LogExcerpt, LogLine};
pub use crate::sandbox::{FoundTarget, Selection};
pub use crate::store::{BackupHealth, Catalogue, StoredBackup};
pub use backup::CompletedBackup;
pub use browse::{
    BackupContents, BackupPage, BackupQuery, BackupVerdict, ContentsEntry, ContentsQuery,
    ListedBackup, SelectedHead, SelectedStream,
};
pub use catalogue::{
    BackupStream, BucketRules, PruneOptions, Pruned, Pruning, Synced, Verification, Verified,
};
pub use check::{CheckReport, NextDue, Overview};
pub use folders::Unready;
pub use jobs::Jobs;
pub use module_access::{ListedModule, ModuleAccess, StrategyAccess};
pub use ownership::Adoption;
pub use restore::{Preview, RestorablePart, RestoreOffer, RestoreReport};
pub use runs::{
    Job, Order, PostState, Progress, ProgressReporter, QueueMoment, RunHandle, RunRequest, Task,
};
pub use schedule::{Clock, SystemClock};
pub use set::{LatestSet, TakeBytes};
pub use shown_config::ShownConfig;
pub use status::{
    DamagedCopy, DayState, DayStatus, DrillResult, LastGood, LastRun, MemberState, MemberStatus,
    MissingUpload, RunInProgress, SidecarStatus, StatusReason, StoreStatus, StrategyDays,
    VerifiedCopy,
};

#[cfg(test)]
#[path = "tests/histories/mod.rs"]
mod histories;
#[cfg(test)]
#[path = "tests/model/mod.rs"]
mod model;

/// A configuration, ready to run: of one strategy, or of the set of several, which are its members.
pub struct Service {
    context: Arc<Context>,
    timetables: Timetables,
    members: Vec<Service>,
}

impl Service {
    /// Starts the engine. Nothing else is touched before a run or a check.
    pub fn new(config: Config) -> Result<Self> {
        Self::of(Arc::new(Context::new(config)?))
    }

    fn of(context: Arc<Context>) -> Result<Self> {
        let members = context.members.iter().cloned().map(Self::of);
        Ok(Self {
            members: members.collect::<Result<_>>()?,
            timetables: Timetables::new(context.config())?,
            context,
        })
    }

    /// The strategy that is called `name` among several; without a name this one: the only one, or the set of all.
    pub fn strategy(&self, name: Option<&str>) -> Result<&Self> {
        let wanted = self.context.of(name)?;
        let is_wanted = |one: &&Self| Arc::ptr_eq(&one.context, &wanted);
        Ok(self.all().find(is_wanted).unwrap_or(self))
    }

    /// This one and its members.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.members)
    }

    /// Several strategies in one sidecar, each by itself; of a single one, none.
    pub fn members(&self) -> &[Self] {
        &self.members
    }

    /// What holds the backup `which`: a member, or this one.
    pub fn holding(&self, which: &str) -> Result<&Self> {
        match set::holding(&self.context, which)? {
            Some(name) => self.strategy(Some(&name)),
            None => Ok(self),
        }
    }

    /// What it was configured with.
    pub fn config(&self) -> &Config {
        self.context.config()
    }

    /// The journal of runs.
    pub fn history(&self) -> &History {
        self.context.history()
    }

    /// The youngest runs, youngest first. Opens no journal where no run has been.
    pub fn runs(&self, at_most: usize) -> Vec<Run> {
        runs::list(&self.context, at_most)
    }

    /// Who asked for what, youngest first. Opens no journal where no run has been.
    pub fn audited(&self, at_most: usize) -> Vec<AuditEntry> {
        runs::audited(&self.context, at_most)
    }

    /// Whether a run could begin, as far as folders go.
    pub fn ready(&self) -> Result<(), Unready> {
        folders::ready(&self.config().paths)
    }

    /// Looks at everything that a run needs, and changes nothing but missing folders.
    pub fn check(&self) -> CheckReport {
        check::check(&self.context)
    }

    /// Asks whether a run would succeed now, and reports it: programs, servers, rights, files.
    pub fn preflight(&self, report: &mut CheckReport) {
        check::preflight(&self.context, report);
    }

    /// Writes, lists, reads and deletes a small object in each store, and reports it.
    pub fn check_stores(&self, report: &mut CheckReport) -> Result<()> {
        check::check_stores(&self.context, report)
    }

    /// A run that has not begun.
    pub fn job(&self, request: RunRequest) -> Job {
        Job::new(&self.context, request)
    }

    /// Makes a backup on this thread: it is published when this returns, or nothing of it is left.
    pub fn backup(&self, job: &Arc<Job>) -> Result<CompletedBackup> {
        match self.context.set() {
            Some(set) => set::backup(&self.context, job, set),
            None => backup::backup(&self.context, job),
        }
    }

    /// Hands out the set that `job` has made, as one file.
    pub fn write_set(&self, job: &Job, take: &mut TakeBytes<'_>) -> Result<()> {
        set::write_archive(&self.context, job, take)
    }

    /// What of a backup can be selected for a restore: of a set, of each member.
    pub fn restore_offers(&self, manifest: &Manifest) -> Result<Vec<RestoreOffer>> {
        match self.context.set() {
            Some(_) => Ok(set::offers(&self.context, manifest)),
            None => Ok(vec![RestoreOffer::of(&self.context, manifest)?]),
        }
    }

    /// What a restore would do, and find. Nothing is touched, and nothing but manifests is read.
    pub fn preview_restore(&self, order: &Order) -> Result<Preview> {
        match self.context.set() {
            Some(_) => set::preview(&self.context, order),
            None => restore::preview(&self.context, order),
        }
    }

    /// Restores on this thread. Parts that failed are in the report; the error is of all of it.
    pub fn restore(&self, job: &Arc<Job>, order: &Order) -> Result<RestoreReport> {
        match self.context.set() {
            Some(_) => set::restore(&self.context, job, order),
            None => restore::restore(&self.context, job, order),
        }
    }

    /// Restores a backup ("latest", or an id) into the scratch target, runs the operator's checks, and cleans up.
    pub fn drill(&self, job: &Arc<Job>, which: &str) -> Result<RestoreReport> {
        schedule::drill(&self.context, job, which)
    }

    /// Fails if no drill is configured.
    pub fn require_drill(&self) -> Result<()> {
        schedule::require_drill(self.config()).map(drop)
    }

    /// The latest set; none if there is none yet, or one strategy alone.
    pub fn latest_set(&self) -> Result<Option<LatestSet>> {
        set::latest(&self.context)
    }

    /// All backups of all stores, or of the one called `only`; newest first.
    pub fn catalogue(&self, only: Option<&str>) -> Result<Catalogue> {
        set::catalogue(&self.context, only)
    }

    /// Strategies that the sets of a catalogue name and the configuration does not.
    pub fn gone(&self, catalogue: &Catalogue) -> Option<Error> {
        set::gone(&self.context, catalogue)
    }

    /// Every copy of a backup, in the order in which they are best taken.
    pub fn copies(&self, which: &str) -> Result<Vec<StoredBackup>> {
        catalogue::copies(&self.holding(which)?.context, which)
    }

    /// Brings a backup into a file that appears only when it is whole and unaltered.
    pub fn fetch(&self, which: &str, to: &Path, accept: &[String]) -> Result<StoredBackup> {
        catalogue::fetch(&self.holding(which)?.context, which, to, accept)
    }

    /// Starts to read a stored backup, piece by piece.
    pub fn stream_stored(&self, which: &str, accept: &[String]) -> Result<BackupStream> {
        catalogue::stream(&self.holding(which)?.context, which, accept)
    }

    /// What lies in a backup: parts of a dump, members of a set, entries of an archive.
    pub fn contents(&self, which: &str, query: &ContentsQuery) -> Result<BackupContents> {
        Ok(self.contents_index(which)?.select(query))
    }

    fn contents_index(&self, which: &str) -> Result<browse::ContentsIndex> {
        browse::index(&self.holding(which)?.context, which)
    }

    /// Brings parts or files of a backup into a file that appears only when it is whole and unaltered: one as it is, several
    /// as a ZIP.
    pub fn fetch_selected(
        &self,
        which: &str,
        names: &[String],
        to: &Path,
        accept: &[String],
    ) -> Result<SelectedHead> {
        browse::fetch(&self.holding(which)?.context, which, names, to, accept)
    }

    /// Starts to read parts or files of a backup, piece by piece.
    pub fn stream_selected(
        &self,
        which: &str,
        names: &[String],
        accept: &[String],
    ) -> Result<SelectedStream> {
        browse::stream(&self.holding(which)?.context, which, names, accept)
    }

    /// Reads what `job` is for again, and compares each copy with its manifest. No run is recorded.
    pub fn verify(&self, job: &Job) -> Result<Verification> {
        verification::verify(&self.context, job)
    }

    /// Applies the retention to every store now.
    pub fn prune(&self, options: PruneOptions) -> Result<Pruning> {
        catalogue::prune(&self.context, options)
    }

    /// Copies what store `from` has and store `to` lacks.
    pub fn sync(&self, from: &str, to: &str) -> Result<Vec<Synced>> {
        catalogue::sync(&self.context, from, to)
    }

    /// Makes this sidecar the owner of a store, and of what its last owner, or `from`, has there.
    pub fn adopt(&self, store: &str, from: Option<&str>) -> Result<Adoption> {
        ownership::adopt(&self.context, store, from)
    }

    /// The lifecycle rules for each bucket among the stores.
    pub fn lifecycles(&self) -> Result<Vec<BucketRules>> {
        catalogue::lifecycles(&self.context)
    }

    /// Sets the rules of each bucket. Returns the buckets whose rules were other ones before.
    pub fn apply_lifecycles(&self) -> Result<Vec<String>> {
        catalogue::apply_lifecycles(&self.context)
    }

    /// Sends what stores have missed. Returns how many backups are complete now.
    pub fn upload_missed(&self) -> Result<usize> {
        let sent = self.all().map(|one| catalogue::upload_missed(&one.context));
        sent.sum()
    }

    /// The artifact of `run`, if the download cache still has it.
    pub fn cached_artifact(&self, run: &Run) -> Option<File> {
        runs::download_cache::find(&self.context, run)
    }

    /// All of the artifact was sent to a client, which may not have received it: it is cached a little longer.
    pub fn artifact_sent(&self, id: &str) {
        runs::download_cache::sent(&runs::of_run(&self.context, id), id);
    }

    /// A client has received the artifact: it is not cached any longer.
    pub fn artifact_received(&self, id: &str) {
        runs::download_cache::received(&runs::of_run(&self.context, id), id);
    }

    /// Removes what was sent a while ago, and what no client has fetched in time.
    pub fn remove_expired(&self) {
        runs::download_cache::remove_expired(&self.context);
        self.context.time();
    }

    /// What time it is, and why that is not trusted.
    pub fn time(&self) -> PlausibleTime {
        self.context.time()
    }

    /// When the schedule starts the next run.
    pub fn next_run(&self) -> Option<Timestamp> {
        self.timetables.next_backup(clock::now())
    }

    /// Takes no more events of runs, and waits at most `limit` until the last have been sent.
    pub fn finish_notifying(&self, limit: Duration) {
        runs::finish_notifying(&self.context, limit);
    }

    /// Every module that `strategy.type` may name, and what it tells.
    pub fn modules(&self) -> Vec<(String, Result<Inspection>)> {
        module_access::inspect_all(&self.context)
    }

    /// The modules, and what each strategy's asks for against what it may have.
    pub fn module_access(&self) -> ModuleAccess {
        ModuleAccess::of(&self.context)
    }

    /// The configuration in force, without secrets.
    pub fn shown_config(&self) -> ShownConfig {
        shown_config::shown(self.config())
    }

    /// Compares all modules of the configuration with the lock file.
    pub fn lock(&self, accept: bool) -> Result<LockReport> {
        lock::compare_with_lock(&self.context, accept)
    }
}
