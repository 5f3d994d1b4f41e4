//! A run that can be watched and stopped.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use parking_lot::{Mutex, MutexGuard};

use super::notifications::RunNotifier;
use super::request::{RunRequest, Task};
use crate::artifact::SpoolReader;
use crate::cancel::Cancel;
use crate::clock;
use crate::history::{Run, RunFailure, RunState};
use crate::run_log::RunLog;
use crate::sandbox::Reporter;
use crate::service::context::Context;

/// One run: what was asked for, how to stop it, and how it stands.
pub struct Job {
    request: RunRequest,
    cancel: Cancel,
    run: watch::Sender<Run>,
    spool: watch::Sender<Option<SpoolReader>>,
    expected: OnceLock<u64>,
    started: OnceLock<Duration>,
    /// Whether it need not be repeated.
    done: AtomicBool,
    post: watch::Sender<PostState>,
    last_report: Mutex<Report>,
    warnings: Mutex<Vec<RunFailure>>,
    notifier: RunNotifier,
    log: Arc<RunLog>,
    /// Of a set: the runs of its members, in their order.
    members: Vec<Arc<Job>>,
    /// Of a member: its manifest, for a client that reads the set along.
    manifest: OnceLock<Vec<u8>>,
    /// Of a restore or a drill: which backup it brings back. Of a verification: which one it reads.
    backup: OnceLock<String>,
}

/// Whether `post` has to run whatever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostState {
    /// No command has started, or all of `post` has run.
    NotOwed,
    /// A command has started.
    Owed,
    /// The strategy is gone, and the host runs what it has not.
    Running,
}

/// What the strategy has reported last.
#[derive(Default)]
struct Report {
    done: u64,
    total: Option<u64>,
    note: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// Of the artifact, on disk.
    pub bytes: u64,
    /// The mean since the start.
    pub bytes_per_second: u64,
    /// Milliseconds since the start.
    pub elapsed_ms: u64,
    /// Bytes: from `capabilities.est_size`, or what the last run made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_bytes: Option<u64>,
    /// 0 to 99; left out when it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u64>,
    /// Seconds until the end, if it goes on at this speed; left out when it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<u64>,
    /// The strategy's last note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Job {
    /// A run that has not begun.
    pub(in crate::service) fn new(context: &Context, mut request: RunRequest) -> Self {
        let members = match (context.set(), &request.task) {
            (Some(_), Task::Backup) => {
                request.set_id = Some(request.id.clone());
                let members = context.in_set();
                members
                    .map(|member| Self::of_member(member, &request))
                    .collect()
            }
            _ => Vec::new(),
        };
        let cancel = Cancel::new();
        for member in &members {
            cancel.takes_along(&member.cancel);
        }
        let run = Run {
            id: request.id.clone(),
            kind: request.task.kind(),
            state: RunState::Queued,
            strategy: context.config().strategy.name.clone(),
            member: context.config().member.clone(),
            // By this the journal tells the runs of a set from those of a single strategy.
            set_id: match context.set() {
                Some(_) => Some(request.id.clone()),
                None => request.set_id.clone(),
            },
            backup: None,
            asked_by: request.asked_by.clone(),
            drive_folder_id: request.drive_folder_id.clone(),
            idempotency_key: request.idempotency_key.clone(),
            fingerprint: Some(request.fingerprint()),
            queued_at: clock::now(),
            started_at: None,
            finished_at: None,
            duration_ms: None,
            artifact: None,
            error: None,
            delivered_at: None,
            parts: Vec::new(),
            warnings: Vec::new(),
        };
        Self {
            notifier: RunNotifier::new(context, &request),
            request,
            log: Arc::default(),
            cancel,
            run: watch::Sender::new(run),
            spool: watch::Sender::new(None),
            expected: OnceLock::new(),
            started: OnceLock::new(),
            done: AtomicBool::new(false),
            post: watch::Sender::new(PostState::NotOwed),
            last_report: Mutex::default(),
            warnings: Mutex::default(),
            members,
            manifest: OnceLock::new(),
            backup: OnceLock::new(),
        }
    }

    /// Lets clients of the set have its manifest.
    pub(in crate::service) fn describe(&self, manifest: Vec<u8>) {
        self.manifest.get_or_init(|| manifest);
    }

    /// It brings this backup back, or reads it.
    pub(in crate::service) fn is_about(&self, id: &str) {
        self.backup.get_or_init(|| id.to_owned());
    }

    /// The backup that it is about, once it was found.
    pub(super) fn backup(&self) -> Option<&String> {
        self.backup.get()
    }

    /// The manifest of a member of a set, once it is known.
    pub fn manifest(&self) -> Option<&[u8]> {
        self.manifest.get().map(Vec::as_slice)
    }

    /// The run of a member, for the same caller.
    fn of_member(member: &Context, set: &RunRequest) -> Arc<Self> {
        let request = RunRequest {
            asked_by: set.asked_by.clone(),
            downloadable: set.downloadable,
            strategy: member.config().member.clone(),
            set_id: Some(set.id.clone()),
            ..RunRequest::new(set.drive_folder_id.clone())
        };
        Arc::new(Self::new(member, request))
    }

    /// The runs of a set's members, in their order, which what stops the set stops too; of no set, none.
    pub fn members(&self) -> &[Arc<Self>] {
        &self.members
    }

    /// The run with this id: this one, or that of a member.
    pub(super) fn find(self: &Arc<Self>, id: &str) -> Option<Arc<Self>> {
        let mut all = std::iter::once(self).chain(self.members());
        all.find(|job| job.request.id == id).cloned()
    }

    /// What was asked for.
    pub fn request(&self) -> &RunRequest {
        &self.request
    }

    /// What its commands and its module say.
    pub fn log(&self) -> &Arc<RunLog> {
        &self.log
    }

    /// The flag that stops it.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How it stands.
    pub fn run(&self) -> Run {
        self.run.borrow().clone()
    }

    /// How it stands, and every change of it.
    pub fn watch(&self) -> watch::Receiver<Run> {
        self.run.subscribe()
    }

    /// Waits for its end: when it is over, nothing of it is left but what it published.
    pub async fn over(&self) -> Run {
        let mut changes = self.run.subscribe();
        let over = changes.wait_for(|run| run.state.is_over()).await;
        over.expect("the job, which is here, holds the sender")
            .clone()
    }

    /// Waits until the strategy and every process that it started are gone: `post` may still run.
    pub async fn stopped(&self) {
        if self.is_waiting_member() {
            return;
        }
        let mut post = self.post.subscribe();
        tokio::select! {
            _ = post.wait_for(|post| *post == PostState::Running) => {}
            _ = self.over() => {}
        }
    }

    /// Whether its set has not come to it: there is nothing to stop, and once cancelled, it will start nothing.
    fn is_waiting_member(&self) -> bool {
        let run = self.run.borrow();
        run.state == RunState::Queued && run.member.is_some() && run.set_id.is_some()
    }

    /// Whether the host runs its `post`, or has to.
    pub fn post(&self) -> PostState {
        match self.run.borrow().state.is_over() {
            true => PostState::NotOwed,
            false => *self.post.borrow(),
        }
    }

    /// Its bytes, as soon as it writes any; none when it ends without.
    pub async fn spool_reader(&self) -> Option<SpoolReader> {
        let mut spool = self.spool.subscribe();
        tokio::select! {
            biased;
            begun = spool.wait_for(Option::is_some) => begun.ok()?.clone(),
            _ = self.over() => None,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let own = self.spool.borrow().as_ref().map_or(0, SpoolReader::written);
        let of_members = self.members().iter().map(|member| member.progress().bytes);
        let elapsed = self.elapsed().unwrap_or_default();
        let report = self.last_report();
        let bytes = match own + of_members.sum::<u64>() {
            // A tree of files writes no artifact.
            0 => report.done,
            bytes => bytes,
        };
        let (done, all) = match report.total {
            Some(total) => (report.done, Some(total)),
            None => (bytes, self.expected.get().copied()),
        };
        let percent = |all: u64| (done as f64 / all as f64 * 100.0).min(99.0) as u64;
        Progress {
            bytes,
            bytes_per_second: (bytes as f64 / elapsed.as_secs_f64().max(0.001)) as u64,
            elapsed_ms: elapsed.as_millis().try_into().unwrap_or(u64::MAX),
            expected_bytes: self.expected.get().copied(),
            percent: all.filter(|all| *all > 0).map(percent),
            remaining_seconds: all.and_then(|all| remaining(elapsed, done, all)),
            note: report.note.clone(),
        }
    }

    /// How long it runs already, whatever the wall clock was set to.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        let started = self.started.get()?;
        Some(clock::monotonic().saturating_sub(*started))
    }

    /// About how many bytes there will be.
    pub(in crate::service) fn expect(&self, bytes: u64) {
        self.expected.get_or_init(|| bytes);
    }

    /// Tells everything that watches, and the receivers of notifications.
    pub(super) fn announce(&self, run: Run) {
        if run.state == RunState::Running {
            self.started.get_or_init(clock::monotonic);
        }
        self.notifier.tell(&run);
        self.run.send_replace(run);
    }

    /// Lets clients read along.
    pub(in crate::service) fn writes_to(&self, spool: SpoolReader) {
        self.spool.send_replace(Some(spool));
    }

    /// Nothing came of it: lets go of its bytes, which may have filled the disk.
    pub(super) fn forget_bytes(&self) {
        self.spool.send_replace(None);
    }

    /// What the operator is to know of a run that is good all the same.
    pub(in crate::service) fn warn(&self, warning: RunFailure) {
        let mut warnings = self.warnings.lock();
        warnings.push(warning);
    }

    /// What it was warned of.
    pub(super) fn warnings(&self) -> Vec<RunFailure> {
        let warnings = self.warnings.lock();
        warnings.clone()
    }

    pub(super) fn set_post(&self, post: PostState) {
        self.post.send_replace(post);
    }

    /// It need not be repeated.
    pub(super) fn set_done(&self) {
        self.done.store(true, Relaxed);
    }

    /// Whether it is over and need not be repeated: what a store has missed is sent later.
    pub(in crate::service) fn is_done(&self) -> bool {
        self.done.load(Relaxed)
    }

    fn last_report(&self) -> MutexGuard<'_, Report> {
        self.last_report.lock()
    }
}

/// Seconds that what is left takes at the mean speed so far; none before there is a speed, or once more was done than
/// was expected.
fn remaining(elapsed: Duration, done: u64, all: u64) -> Option<u64> {
    let left = all.checked_sub(done)?;
    let seconds = elapsed.as_secs_f64() * left as f64 / done as f64;
    seconds.is_finite().then_some(seconds.ceil() as u64)
}

impl Reporter for Job {
    fn report(&self, done: u64, total: Option<u64>, note: Option<&str>) {
        tracing::debug!(done, total, note, "progress");
        let mut report = self.last_report();
        report.done = done;
        report.total = total;
        if let Some(note) = note {
            report.note = Some(note.to_owned());
        }
    }
}
