//! `GET /backup/jobs/{id}/artifact`, and every other answer that is a finished artifact.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::answer::Problem;
use super::body::{Taken, flow};
use super::range::{Wanted, wanted};
use super::{App, headers, jobs};
use crate::service::{Artifact, Run};

/// Answers with the artifact, or a part of it, until a while after somebody has got it as a whole.
pub(super) async fn fetch(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    method: Method,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let run = jobs::find(&app, id).await?.run();
    let Some(artifact) = run.artifact.clone() else {
        return Err(none(&run));
    };
    let file = open(&app, &run).await?;
    let tag = format!("\"{}\"", artifact.sha256);
    if method == Method::HEAD {
        let mut head = head(&run, &artifact);
        head.insert(CONTENT_LENGTH, HeaderValue::from(artifact.size));
        return Ok(head.into_response());
    }
    Ok(match wanted(&request, &tag, artifact.size) {
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, headers::etag(&artifact)).into_response(),
        Wanted::Impossible => {
            let problem = Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "no-such-range",
                format!(
                    "the artifact has {} bytes: none of them are in that range",
                    artifact.size
                ),
            );
            let size = format!("bytes */{}", artifact.size);
            ([(CONTENT_RANGE, size)], problem).into_response()
        }
        Wanted::All => whole(app, run, Arc::new(file)),
        Wanted::Part(range) => {
            let of = format!("bytes {}-{}/{}", range.start, range.end - 1, artifact.size);
            let part = send(app, run, Arc::new(file), range);
            (StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, of)], part).into_response()
        }
    })
}

/// The file of a run, while it is kept.
pub(super) async fn open(app: &Arc<App>, run: &Run) -> Result<File, Problem> {
    let wanted = run.clone();
    let file = app
        .blocking(move |app| app.jobs.service().kept_artifact(&wanted))
        .await?;
    file.ok_or_else(|| {
        let mut problem = Problem::not_found("the artifact of this run is not kept any more");
        problem = problem.hint("it went to the stores only, was fetched as a whole a while ago, or by nobody within paths.keep_undelivered: `sidecar fetch` gets it from a store, another run makes the next one");
        problem
    })
}

/// All of it.
pub(super) fn whole(app: Arc<App>, run: Run, file: Arc<File>) -> Response {
    let size = run.artifact.as_ref().map_or(0, |artifact| artifact.size);
    send(app, run, file, 0..size)
}

fn send(app: Arc<App>, run: Run, file: Arc<File>, range: Range<u64>) -> Response {
    let head = run.artifact.as_ref().map(|artifact| head(&run, artifact));
    let (feed, body) = flow(Some(range.end - range.start));
    tokio::spawn(async move {
        let taken = match feed.send_file(&file, range.clone()).await {
            Ok(()) => feed.end(None).await,
            Err(_) => feed.give_up().await,
        };
        note(&app, &run, range.start, taken).await;
    });
    (head.unwrap_or_default(), axum::body::Body::new(body)).into_response()
}

fn head(run: &Run, artifact: &Artifact) -> HeaderMap {
    let mut head = headers::name(
        run,
        &artifact.filename,
        &artifact.format,
        &artifact.content_type,
    );
    head.extend(headers::measure(artifact));
    head.extend(headers::etag(artifact));
    head.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    head
}

/// Notes what a client has taken, from `start` on: an artifact that was taken as a whole was sent.
pub(super) async fn note(app: &Arc<App>, run: &Run, start: u64, taken: Taken) {
    let Some(artifact) = &run.artifact else {
        return;
    };
    // Of a body that broke off, the last byte may be on its way for ever.
    let lost = u64::from(!taken.complete);
    let sent = start..start + taken.bytes.saturating_sub(lost);
    if app.coverage.add(&run.id, sent, artifact.size) {
        let id = run.id.clone();
        // Whether that worked is in the log.
        let _ = app.blocking(move |app| app.jobs.service().sent(&id)).await;
    }
}

fn none(run: &Run) -> Problem {
    if run.state.is_over() {
        return Problem::of_run(run);
    }
    let status = format!("/backup/jobs/{}", run.id);
    Problem::new(
        StatusCode::CONFLICT,
        "not-finished",
        "the run is not finished: it has no artifact yet",
    )
    .hint("wait for it to end")
    .status_url(status)
    .retry_after(5)
}
