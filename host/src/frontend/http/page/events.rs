//! `ui/events`: one stream for a page: how far runs are, when to look again, and that the server is there.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use jiff::Timestamp;
use tokio::time::Interval;

use super::beats::{PageBeat, answer, every_second};
use super::locale::Locale;
use super::run_progress::RunProgress;
use super::visit::PageVisit;
use crate::clock;
use crate::frontend::http::state::ApiState;
use crate::service::{RunHandle, RunState, SidecarStatus};

/// Beats between two looks at what no run of this process changes: the clock, the stores, other processes.
const STATUS_BEATS: u32 = 5;

/// A page that watches.
struct PageWatcher {
    app: Arc<ApiState>,
    locale: Locale,
    interval: Interval,
    beats: u32,
    /// The run that was in progress at the last beat, and its state.
    run: Option<(String, RunState)>,
    status: Option<SidecarStatus>,
    changed_at: Timestamp,
}

/// Sends a `beat` every second, as long as the page is open and in sight.
pub(super) async fn events(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Response {
    let watcher = PageWatcher {
        app,
        locale: visit.locale,
        interval: every_second(),
        beats: 0,
        run: None,
        status: None,
        changed_at: clock::now(),
    };
    answer(stream::unfold(watcher, |mut watcher| async move {
        let beat = watcher.next().await?;
        Some((beat, watcher))
    }))
}

impl PageWatcher {
    /// None once the server stops: then the stream ends.
    async fn next(&mut self) -> Option<PageBeat> {
        self.interval.tick().await;
        if self.app.jobs.is_closed() || self.app.sign_in.is_replaced() {
            return None;
        }
        let handle = self.app.jobs.follow().borrow().run.clone();
        let run = handle
            .as_ref()
            .map(RunHandle::run)
            .map(|run| (run.id, run.state));
        if run != self.run {
            self.run = run;
            self.changed_at = clock::now();
            self.beats = 0;
        }
        if self.beats == 0 {
            self.read_status().await?;
        }
        self.beats = (self.beats + 1) % STATUS_BEATS;
        Some(PageBeat {
            version: self.changed_at.to_string(),
            as_of: self.locale.moment_text(clock::now()),
            runs: handle.map_or_else(Vec::new, |handle| progress(self.locale, &handle)),
        })
    }

    async fn read_status(&mut self) -> Option<()> {
        let status = self.app.blocking(|app| app.jobs.status()).await.ok()?;
        let last = self.status.as_ref();
        if last.is_some_and(|last| !last.stands_like(&status)) {
            self.changed_at = status.as_of;
        }
        self.status = Some(status);
        Some(())
    }
}

/// Of the run in progress, and of its members that have begun.
fn progress(locale: Locale, handle: &RunHandle) -> Vec<RunProgress> {
    let RunHandle::Here(job) = handle else {
        return Vec::new();
    };
    let all = std::iter::once(job).chain(job.members());
    let running = all.filter(|job| job.run().state == RunState::Running);
    let each = running.map(|job| {
        let run = job.run();
        RunProgress::new(locale, &run.id, run.kind, Some(&job.progress()))
    });
    each.collect()
}
