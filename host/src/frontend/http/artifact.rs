//! `GET /backup/jobs/{id}/artifact`, and every other answer that is a finished artifact.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::body::{Transfer, body_channel};
use super::error_response::ErrorResponse;
use super::range::{RequestedRange, requested_range};
use super::state::ApiState;
use super::{headers, jobs, set_export};
use crate::service::{Run, RunArtifact, RunKind, RunState};

/// Answers with the artifact or a part of it, as long as it is kept.
pub(super) async fn fetch(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
    method: Method,
    request: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let run = jobs::find(&app, id).await?.run();
    let Some(artifact) = run.artifact.clone() else {
        return Err(no_artifact(&run));
    };
    if set_export::is_set(&run) {
        return Err(set_export::not_kept(&app, &run).await);
    }
    let file = open(&app, &run).await?;
    let tag = format!("\"{}\"", artifact.sha256);
    if method == Method::HEAD {
        let mut head = head(&run, &artifact);
        head.insert(CONTENT_LENGTH, HeaderValue::from(artifact.size));
        return Ok(head.into_response());
    }
    Ok(match requested_range(&request, &tag, artifact.size) {
        RequestedRange::Nothing => {
            (StatusCode::NOT_MODIFIED, headers::etag(&artifact)).into_response()
        }
        RequestedRange::Impossible => {
            let response = ErrorResponse::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "no-such-range",
                format!(
                    "the artifact has {} bytes: none of them are in that range",
                    artifact.size
                ),
            );
            let size = format!("bytes */{}", artifact.size);
            ([(CONTENT_RANGE, size)], response).into_response()
        }
        RequestedRange::All => whole(app, run, Arc::new(file)),
        RequestedRange::Part(range) => {
            let content_range =
                format!("bytes {}-{}/{}", range.start, range.end - 1, artifact.size);
            let part = send(app, run, Arc::new(file), range);
            (
                StatusCode::PARTIAL_CONTENT,
                [(CONTENT_RANGE, content_range)],
                part,
            )
                .into_response()
        }
    })
}

/// The file of a run, as long as it is kept.
pub(super) async fn open(app: &Arc<ApiState>, run: &Run) -> Result<File, ErrorResponse> {
    let run = run.clone();
    let file = app
        .blocking(move |app| app.jobs.service().cached_artifact(&run))
        .await?;
    file.ok_or_else(|| {
        ErrorResponse::not_found("the artifact of this run is not kept any more").hint("it went to the stores only, was fetched completely a while ago, or was not fetched within paths.keep_undelivered: `sidecar fetch` gets it from a store, another run makes the next one")
    })
}

/// Answers with the whole artifact.
pub(super) fn whole(app: Arc<ApiState>, run: Run, file: Arc<File>) -> Response {
    let size = run.artifact.as_ref().map_or(0, |artifact| artifact.size);
    send(app, run, file, 0..size)
}

fn send(app: Arc<ApiState>, run: Run, file: Arc<File>, range: Range<u64>) -> Response {
    let head = run.artifact.as_ref().map(|artifact| head(&run, artifact));
    let (sender, body) = body_channel(Some(range.end - range.start));
    tokio::spawn(async move {
        let transfer = match sender.send_file(&file, range.clone()).await {
            Ok(()) => sender.end(None).await,
            Err(_) => sender.abort().await,
        };
        note(&app, &run, range.start, transfer).await;
    });
    (head.unwrap_or_default(), axum::body::Body::new(body)).into_response()
}

fn head(run: &Run, artifact: &RunArtifact) -> HeaderMap {
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

/// Notes which bytes a client has taken, from `start` on. An artifact of which every byte was taken
/// counts as sent.
pub(super) async fn note(app: &Arc<ApiState>, run: &Run, start: u64, transfer: Transfer) {
    let Some(artifact) = &run.artifact else {
        return;
    };
    // Of a body that broke off, the last byte may never arrive.
    let lost = u64::from(!transfer.complete);
    let sent = start..start + transfer.bytes.saturating_sub(lost);
    if app.coverage.add(&run.id, sent, artifact.size) {
        let id = run.id.clone();
        // A failure is in the log.
        let _ = app
            .blocking(move |app| app.jobs.service().artifact_sent(&id))
            .await;
    }
}

fn no_artifact(run: &Run) -> ErrorResponse {
    if run.kind != RunKind::Backup {
        return ErrorResponse::not_found("this run makes no artifact: it is no backup");
    }
    if run.state == RunState::Cancelled {
        // What was asked for happened: no failure of the server.
        return ErrorResponse::of_run(run).with_status(StatusCode::NOT_FOUND);
    }
    if run.state.is_over() {
        return ErrorResponse::of_run(run);
    }
    let status = format!("/backup/jobs/{}", run.id);
    ErrorResponse::new(
        StatusCode::CONFLICT,
        "not-finished",
        "the run is not finished: it has no artifact yet",
    )
    .hint("wait for it to end")
    .status_url(status)
    .retry_after(5)
}
