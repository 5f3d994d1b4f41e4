//! `POST /backup/export` and `POST /backup/run`: runs a backup.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::TRAILER;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::response::{IntoResponse, Response};
use tokio::time::sleep;

use super::body::body_channel;
use super::error_response::ErrorResponse;
use super::follow::{WITHHELD_BYTES, follow};
use super::request::{Parameters, prefers_async, takes_trailers};
use super::start::{CancelOnDrop, accepted, start, start_cancellable};
use super::state::{ApiState, Peer};
use super::{artifact, headers, set_export};
use crate::service::{Job, Run, RunHandle, RunRequest, RunState, SpoolReader};

/// How long a client that wants to stream at once waits for a first byte before it gets the headers:
/// well below the 300 s after which the orchestrator gives up.
pub(super) const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes a backup and answers with the artifact.
///
/// A run that takes longer than `app.export.first_byte_within` is answered while it writes.
pub(super) async fn export(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    version: Version,
    request_headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let parameters = Parameters::read(query)?;
    let request = parameters.request(&request_headers, peer)?;
    let waits = !prefers_async(&request_headers);
    let cancel_on_drop = waits && parameters.cancel_on_disconnect;
    let (handle, guard) = start_cancellable(&app, request, cancel_on_drop).await?;
    match handle {
        handle if !waits => Ok(accepted(&handle, true)),
        RunHandle::Here(job) => {
            let client = ExportClient {
                guard,
                // Without chunks, a body that breaks off could not be told from one that ends.
                takes_chunks: version >= Version::HTTP_11,
                takes_trailers: takes_trailers(&request_headers),
            };
            wait(app, job, client).await
        }
        RunHandle::Written(run) => finished(app, *run, None).await,
    }
}

/// Makes a backup and answers at once. The artifact goes to the stores; without any, it can be fetched
/// from the job.
pub(super) async fn run(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    request_headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let request = Parameters::read(query)?.request(&request_headers, peer)?;
    let service = app.jobs.service().strategy(request.strategy.as_deref())?;
    let downloadable = service.config().stores.is_empty();
    let request = RunRequest {
        downloadable,
        ..request
    };
    Ok(accepted(&start(&app, request).await?, downloadable))
}

/// A client that waits for its run.
pub(super) struct ExportClient {
    pub(super) guard: CancelOnDrop,
    pub(super) takes_chunks: bool,
    pub(super) takes_trailers: bool,
}

/// Waits for the end of the run, but not longer than the client can.
async fn wait(
    app: Arc<ApiState>,
    job: Arc<Job>,
    client: ExportClient,
) -> Result<Response, ErrorResponse> {
    let within = app.jobs.service().config().app.first_byte_within;
    if !job.members().is_empty() {
        return set_export::wait(app, job, client, within).await;
    }
    let streaming = tokio::select! {
        biased;
        _ = job.over() => None,
        reader = time_to_stream(&job, within), if client.takes_chunks => Some(reader),
    };
    match streaming {
        Some(reader) => Ok(stream(app, job, reader, client)),
        None => {
            let reader = job.spool_reader().await;
            finished(app, job.run(), reader).await
        }
    }
}

/// Ends when the body has to begin; never, when the run ends without one.
pub(super) async fn time_to_stream(job: &Job, within: Duration) -> SpoolReader {
    let opened = async {
        match job.spool_reader().await {
            Some(reader) => reader,
            None => std::future::pending().await,
        }
    };
    if within.is_zero() {
        let mut reader = opened.await;
        let first_byte = reader.beyond(0);
        // A strategy that failed before its first byte can still be answered with its error.
        tokio::select! {
            first = first_byte => if first.is_none() { std::future::pending().await },
            () = sleep(FIRST_BYTE_TIMEOUT) => {}
        }
        reader
    } else {
        let ((), reader) = tokio::join!(sleep(within), opened);
        reader
    }
}

/// The answer for a run that is over: its artifact, or its error.
async fn finished(
    app: Arc<ApiState>,
    run: Run,
    reader: Option<SpoolReader>,
) -> Result<Response, ErrorResponse> {
    if run.state != RunState::Succeeded {
        return Err(ErrorResponse::of_run(&run));
    }
    if set_export::is_set(&run) {
        return Err(set_export::not_kept(&app, &run).await);
    }
    let file = match reader {
        Some(reader) => reader.file(),
        None => Arc::new(artifact::open(&app, &run).await?),
    };
    Ok(artifact::whole(app, run, file))
}

/// The answer for a run in progress: what it has written so far, and what follows, as it comes.
fn stream(
    app: Arc<ApiState>,
    job: Arc<Job>,
    reader: SpoolReader,
    client: ExportClient,
) -> Response {
    let of = job.request().strategy.as_deref();
    let service = app.jobs.service();
    // A run of a strategy that is not there would not have begun.
    let config = service.strategy(of).unwrap_or(service).config();
    let spec = &config.strategy.artifact;
    let mut head = headers::name(&job.run(), &spec.filename, &spec.format, &spec.content_type);
    if client.takes_trailers {
        let names = HeaderValue::from_static("X-Checksum-Sha256, X-Size");
        head.insert(TRAILER, names);
    }
    // Only stores make a run last longer than its artifact grows.
    let withheld = if config.stores.is_empty() {
        0
    } else {
        WITHHELD_BYTES
    };
    let (sender, body) = body_channel(None);
    tokio::spawn(async move {
        let id = job.request().id.clone();
        let transfer = follow(&job, reader, sender, withheld).await;
        drop(client.guard);
        artifact::note(&app, &job.over().await, 0, transfer).await;
        tracing::debug!(id, ?transfer, "a streamed export has ended");
    });
    (head, axum::body::Body::new(body)).into_response()
}
