//! `GET /backup/events`: everything that happens here, in one stream of server-sent events.
//!
//! Each event is made when the client takes it: one that is slow misses steps of progress, and holds no memory.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::events::{PROGRESS_INTERVAL, answer, event};
use super::state::ApiState;
use crate::service::{QueueMoment, Run, RunHandle, SidecarStatus};

/// Time between two looks at what no run of this process changes: the clock, the stores, other processes.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// Sends `status` at once and whenever it has changed, `run-started` and `run-finished` for each run, and
/// `run-progress` every second meanwhile. Ends when the sidecar stops.
pub(super) async fn follow(State(app): State<Arc<ApiState>>) -> Response {
    let replaced = app.sign_in.until_replaced();
    let events = stream::unfold(QueueFollower::new(app), QueueFollower::next);
    answer(events.take_until(replaced).boxed())
}

/// A client that follows the queue.
struct QueueFollower {
    app: Arc<ApiState>,
    queue: watch::Receiver<QueueMoment>,
    run: Option<FollowedRun>,
    /// The last run of which the end was told.
    told: Option<String>,
    progress: Interval,
    status: Interval,
    last_status: Option<SidecarStatus>,
    /// The run whose end is to be told next.
    ended: Option<RunHandle>,
}

/// A run in progress.
struct FollowedRun {
    handle: RunHandle,
    changes: watch::Receiver<Run>,
    /// Whether its start was told.
    started: bool,
}

/// What woke the follower.
enum Wake {
    Queue,
    Run,
    Progress,
    Status,
}

impl QueueFollower {
    fn new(app: Arc<ApiState>) -> Self {
        let mut queue = app.jobs.follow();
        let past = queue.borrow().run.as_ref().map(RunHandle::run);
        let past = past.filter(|run| run.state.is_over());
        // What runs is told as it is; what is over was told by the journal.
        queue.mark_changed();
        let mut progress = interval_at(Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut status = interval_at(Instant::now(), STATUS_INTERVAL);
        status.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app,
            queue,
            run: None,
            told: past.map(|run| run.id),
            progress,
            status,
            last_status: None,
            ended: None,
        }
    }

    /// Waits for the next event; none follows once the sidecar stops.
    async fn next(mut self) -> Option<(io::Result<Event>, Self)> {
        loop {
            if let Some(ended) = self.ended.take() {
                self.status.reset_immediately();
                return Some((event(&self.app, "run-finished", ended).await, self));
            }
            match self.wake().await? {
                Wake::Queue => self.adopt(),
                Wake::Run => {
                    if let Some(name) = self.changed() {
                        let handle = self.run.as_ref()?.handle.clone();
                        return Some((event(&self.app, name, handle).await, self));
                    }
                }
                Wake::Progress => {
                    let handle = self.run.as_ref()?.handle.clone();
                    return Some((event(&self.app, "run-progress", handle).await, self));
                }
                Wake::Status => {
                    if let Some(event) = self.status().await {
                        return Some((event, self));
                    }
                }
            }
        }
    }

    /// None once the sidecar stops and its run, if there is one, is over.
    async fn wake(&mut self) -> Option<Wake> {
        let closed = self.queue.borrow().closed;
        let Some(run) = &mut self.run else {
            if closed && !self.queue.has_changed().unwrap_or(false) {
                return None;
            }
            return tokio::select! {
                changed = self.queue.changed() => changed.ok().map(|()| Wake::Queue),
                _ = self.status.tick() => Some(Wake::Status),
            };
        };
        tokio::select! {
            biased;
            _ = run.changes.changed() => Some(Wake::Run),
            changed = self.queue.changed() => changed.ok().map(|()| Wake::Queue),
            _ = self.status.tick() => Some(Wake::Status),
            _ = self.progress.tick() => Some(Wake::Progress),
        }
    }

    /// Follows the run that the queue has now.
    fn adopt(&mut self) {
        let handle = self.queue.borrow_and_update().run.clone();
        let Some(handle) = handle else {
            return;
        };
        let run = handle.run();
        if run.state.is_over() {
            if self.told.as_ref() != Some(&run.id) {
                self.end(handle);
            }
            return;
        }
        let is_followed = |followed: &FollowedRun| followed.handle.run().id == run.id;
        if let RunHandle::Here(job) = &handle
            && !self.run.as_ref().is_some_and(is_followed)
        {
            let mut changes = job.watch();
            changes.mark_changed();
            self.run = Some(FollowedRun {
                changes,
                handle,
                started: false,
            });
        }
    }

    /// The name of the event for the state that the run has now; its end is told apart.
    fn changed(&mut self) -> Option<&'static str> {
        let run = self.run.as_mut()?;
        let is_over = run.changes.borrow_and_update().state.is_over();
        if is_over {
            let over = RunHandle::Written(Box::new(run.handle.run()));
            self.end(over);
            return None;
        }
        match std::mem::replace(&mut run.started, true) {
            false => Some("run-started"),
            true => Some("run-progress"),
        }
    }

    fn end(&mut self, over: RunHandle) {
        self.told = Some(over.run().id);
        self.run = None;
        self.ended = Some(over);
    }

    /// The event for how all stands now, if that is not what was told last.
    async fn status(&mut self) -> Option<io::Result<Event>> {
        let status = self.app.blocking(|app| app.jobs.status()).await;
        let Ok(status) = status else {
            return Some(Err(io::Error::other("the status could not be read")));
        };
        if self
            .last_status
            .as_ref()
            .is_some_and(|last| last.stands_like(&status))
        {
            return None;
        }
        let event = Event::default().event("status").json_data(&status);
        self.last_status = Some(status);
        Some(event.map_err(io::Error::other))
    }
}
