//! A run that can be watched and stopped.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use super::news::Herald;
use super::{Request, Service};
use crate::artifact::Growth;
use crate::cancel::Cancel;
use crate::clock;
use crate::history::{Run, State};
use crate::sandbox::Reporter;

/// One run: what was asked for, how to stop it, and how it stands.
pub struct Job {
    request: Request,
    cancel: Cancel,
    run: watch::Sender<Run>,
    growth: watch::Sender<Option<Growth>>,
    expected: OnceLock<u64>,
    started: OnceLock<Instant>,
    said: Mutex<Said>,
    herald: Herald,
}

/// The strategy's own words.
#[derive(Default)]
struct Said {
    done: u64,
    total: Option<u64>,
    note: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    /// 0 to 99; left out when nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u64>,
    /// The strategy's last words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Service {
    /// A run that has not begun.
    pub fn job(&self, request: Request) -> Job {
        let run = Run {
            id: request.id.clone(),
            kind: request.task.kind(),
            state: State::Queued,
            strategy: self.config().strategy.name.clone(),
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
        };
        Job {
            request,
            cancel: Cancel::new(),
            run: watch::Sender::new(run),
            growth: watch::Sender::new(None),
            expected: OnceLock::new(),
            started: OnceLock::new(),
            said: Mutex::default(),
            herald: self.herald(),
        }
    }
}

impl Job {
    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.request
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

    /// Its bytes, as soon as it writes any; none when it ends without.
    pub async fn growth(&self) -> Option<Growth> {
        let mut growth = self.growth.subscribe();
        tokio::select! {
            biased;
            begun = growth.wait_for(Option::is_some) => begun.ok()?.clone(),
            _ = self.over() => None,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let bytes = self.growth.borrow().as_ref().map_or(0, Growth::written);
        let elapsed = self.started.get().map(Instant::elapsed).unwrap_or_default();
        let said = self.said();
        let (done, all) = match said.total {
            Some(total) => (said.done, Some(total)),
            None => (bytes, self.expected.get().copied()),
        };
        let percent = |all: u64| (done as f64 / all as f64 * 100.0).min(99.0) as u64;
        Progress {
            bytes,
            bytes_per_second: (bytes as f64 / elapsed.as_secs_f64().max(0.001)) as u64,
            elapsed_ms: elapsed.as_millis().try_into().unwrap_or(u64::MAX),
            expected_bytes: self.expected.get().copied(),
            percent: all.filter(|all| *all > 0).map(percent),
            note: said.note.clone(),
        }
    }

    /// About how many bytes there will be.
    pub(super) fn expect(&self, bytes: u64) {
        self.expected.get_or_init(|| bytes);
    }

    /// Tells everybody who watches, or is to be notified.
    pub(super) fn announce(&self, run: Run) {
        if run.state == State::Running {
            self.started.get_or_init(Instant::now);
        }
        self.herald.tell(&run);
        self.run.send_replace(run);
    }

    /// Lets everybody read along.
    pub(super) fn writes_to(&self, growth: Growth) {
        self.growth.send_replace(Some(growth));
    }

    /// Nothing came of it: lets go of its bytes, which may have filled the disk.
    pub(super) fn forget_bytes(&self) {
        self.growth.send_replace(None);
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Job {
    fn report(&self, done: u64, total: Option<u64>, note: Option<&str>) {
        tracing::debug!(done, total, note, "progress");
        let mut said = self.said();
        said.done = done;
        said.total = total;
        if let Some(note) = note {
            said.note = Some(note.to_owned());
        }
    }
}
