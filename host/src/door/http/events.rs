//! `GET /backup/jobs/{id}/events`: the same as the status, as it changes (server-sent events).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use tokio::time::{MissedTickBehavior, interval};

use super::answer::Problem;
use super::body::{Feed, Gone, flow};
use super::jobs::View;
use super::{App, jobs};
use crate::service::{Job, Known};

/// Between two events about progress.
const PACE: Duration = Duration::from_secs(1);

/// Sends `state` when the state changes, `progress` every second, and ends with the run.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let known = jobs::find(&app, id).await?;
    let (feed, body) = flow(None);
    tokio::spawn(async move {
        // A client that goes away ends it.
        if tell(&app, known, &feed).await.is_ok() {
            feed.end(None).await;
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, axum::body::Body::new(body)).into_response())
}

async fn tell(app: &Arc<App>, known: Known, feed: &Feed) -> Result<(), Gone> {
    let Known::Here(job) = known else {
        return event(app, "state", known, feed).await;
    };
    let here = |job: &Arc<Job>| Known::Here(job.clone());
    let mut changes = job.watch();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace.reset();
    loop {
        let over = changes.borrow_and_update().state.is_over();
        event(app, "state", here(&job), feed).await?;
        if over {
            return Ok(());
        }
        loop {
            tokio::select! {
                _ = changes.changed() => break,
                _ = pace.tick() => event(app, "progress", here(&job), feed).await?,
                () = feed.gone() => return Err(Gone),
            }
        }
    }
}

async fn event(app: &Arc<App>, name: &str, known: Known, feed: &Feed) -> Result<(), Gone> {
    let view = app
        .blocking(move |app| serde_json::json!(View::of(app, &known)))
        .await;
    let view = view.map_err(|_| Gone)?;
    feed.send(format!("event: {name}\ndata: {view}\n\n")).await
}
