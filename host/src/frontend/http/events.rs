//! `GET /backup/jobs/{id}/events`: the same as the status, as it changes (server-sent events).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::error_response::ErrorResponse;
use super::jobs::{JobView, find};
use super::state::ApiState;
use crate::service::{Job, Run, RunHandle};

/// Time between two events about progress.
pub(super) const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// Time without an event after which a client is told that the connection stands.
const ALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Sends `state` when the state changes, `log` when the run says something, `progress` every second, and ends with the run.
pub(super) async fn follow(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Response, ErrorResponse> {
    let handle = find(&app, id).await?;
    let replaced = app.sign_in.until_replaced();
    Ok(answer(events(app, handle).take_until(replaced).boxed()))
}

/// Sends events, as fast as the client takes them. A line without a meaning comes before a client could take the
/// connection for broken.
pub(super) fn answer(events: BoxStream<'static, io::Result<Event>>) -> Response {
    let alive = KeepAlive::new().interval(ALIVE_INTERVAL);
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// The events of one run, made as fast as the client takes them.
fn events(app: Arc<ApiState>, handle: RunHandle) -> BoxStream<'static, io::Result<Event>> {
    match handle {
        RunHandle::Here(job) => {
            stream::unfold(RunFollower::new(app, job), RunFollower::next).boxed()
        }
        written => stream::once(async move { event(&app, "state", written).await }).boxed(),
    }
}

/// A client that follows a run of this process.
struct RunFollower {
    app: Arc<ApiState>,
    job: Arc<Job>,
    changes: watch::Receiver<Run>,
    progress: Interval,
    lines: watch::Receiver<u64>,
    /// Lines that were told.
    told: u64,
    over: bool,
}

impl RunFollower {
    fn new(app: Arc<ApiState>, job: Arc<Job>) -> Self {
        let mut changes = job.watch();
        // The first event tells the state as it is.
        changes.mark_changed();
        let mut progress = interval_at(Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app,
            lines: job.log().follow(),
            told: 0,
            job,
            changes,
            progress,
            over: false,
        }
    }

    /// Waits for the next event; none follows the state in which the run ended.
    async fn next(mut self) -> Option<(io::Result<Event>, Self)> {
        if self.over {
            return None;
        }
        let name = tokio::select! {
            biased;
            // Before the state in which the run ended.
            _ = self.lines.wait_for(|written| *written > self.told) => "log",
            _ = self.changes.changed() => {
                self.over = self.changes.borrow_and_update().state.is_over();
                "state"
            }
            _ = self.progress.tick() => "progress",
        };
        if name == "log" {
            let said = self.job.log().excerpt(self.told);
            self.told = said.next;
            let event = Event::default().event(name).json_data(&said);
            return Some((event.map_err(io::Error::other), self));
        }
        let event = event(&self.app, name, RunHandle::Here(self.job.clone())).await;
        Some((event, self))
    }
}

/// An event with the run as the status shows it; an error breaks the connection.
pub(super) async fn event(
    app: &Arc<ApiState>,
    name: &'static str,
    run: RunHandle,
) -> io::Result<Event> {
    app.blocking(move |app| {
        Event::default()
            .event(name)
            .json_data(JobView::of(app, &run))
    })
    .await
    .map_err(|_| io::Error::other("the status of the run could not be read"))?
    .map_err(io::Error::other)
}
