//! `POST /backup/export` and `POST /backup/run`: runs a backup.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{LOCATION, TRAILER};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;

use super::answer::Problem;
use super::body::flow;
use super::follow::{HELD, follow};
use super::request::{Parameters, prefers_async, takes_trailers};
use super::{App, Peer, artifact, headers};
use crate::cancel::Reason;
use crate::clock;
use crate::error::Kind;
use crate::service::{Growth, Job, Known, Request, Run, State as RunState};

/// How long a client may be left without a byte when it is to get them at once and none comes:
/// well below the 300 s that the orchestrator waits.
const SILENCE: Duration = Duration::from_secs(120);

/// The answer to whoever does not wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Accepted {
    job_id: String,
    /// Where to see how it stands.
    status_url: String,
    /// Where the artifact will be, unless the run makes none, or only for the stores.
    #[serde(skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
}

/// Makes a backup and answers with the artifact.
///
/// A run that takes longer than `app.export.first_byte_within` is answered while it writes.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    version: Version,
    request_headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query)?;
    let request = parameters.request(&request_headers, peer)?;
    let waits = !prefers_async(&request_headers);
    let (known, leash) = begin(&app, request, waits && parameters.cancel_on_disconnect).await?;
    match known {
        known if !waits => Ok(accepted(&known.run(), true)),
        Known::Here(job) => {
            let client = Client {
                leash,
                // Without chunks, a body that breaks off could not be told from one that ends.
                takes_chunks: version >= Version::HTTP_11,
                takes_trailers: takes_trailers(&request_headers),
            };
            wait(app, job, client).await
        }
        Known::Written(run) => answer(app, *run, None).await,
    }
}

/// Makes a backup and answers at once. The artifact goes to the stores; without any, it can be fetched
/// from the job.
pub(super) async fn run(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request_headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let keep = app.jobs.service().config().stores.is_empty();
    let request = Request {
        keep,
        ..Parameters::read(query)?.request(&request_headers, peer)?
    };
    Ok(accepted(&start(&app, request).await?.run(), keep))
}

pub(super) async fn start(app: &Arc<App>, request: Request) -> Result<Known, Problem> {
    Ok(begin(app, request, false).await?.0)
}

/// The same; the run ends with the leash, if that is wanted. It is made at once, because the client
/// may go away before anybody else could hold it.
async fn begin(app: &Arc<App>, request: Request, leashed: bool) -> Result<(Known, Leash), Problem> {
    app.blocking(move |app| {
        let known = app
            .jobs
            .start(request)
            .map_err(|error| match error.kind() {
                Kind::Busy => busy(app, error.into()),
                _ => error.into(),
            })?;
        let job = match &known {
            Known::Here(job) if leashed => Some(job.clone()),
            _ => None,
        };
        Ok((known, Leash(job)))
    })
    .await?
}

/// Says which run is in the way, and when to come back.
fn busy(app: &App, problem: Problem) -> Problem {
    let config = app.jobs.service().config();
    let Some(run) = app.jobs.in_progress() else {
        return problem
            .status_url("/backup/jobs".to_owned())
            .retry_after(10);
    };
    let elapsed = run
        .started_at
        .map_or(0, |at| clock::now().duration_since(at).as_secs());
    let left = config
        .capabilities
        .est_seconds
        .unwrap_or(30)
        .saturating_sub(elapsed.unsigned_abs());
    problem
        .status_url(format!("/backup/jobs/{}", run.id))
        .retry_after(left.clamp(5, 300))
}

/// `keeps`: whether the artifact will wait for whoever fetches it.
pub(super) fn accepted(run: &Run, keeps: bool) -> Response {
    let status_url = format!("/backup/jobs/{}", run.id);
    let location = HeaderValue::from_str(&status_url)
        .ok()
        .map(|url| (LOCATION, url));
    let body = Accepted {
        job_id: run.id.clone(),
        download_url: keeps.then(|| format!("{status_url}/artifact")),
        status_url,
    };
    let headers: HeaderMap = location.into_iter().collect();
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}

/// Whoever waits for a run.
struct Client {
    leash: Leash,
    takes_chunks: bool,
    takes_trailers: bool,
}

/// Waits for the end of the run, but not longer than the client can.
async fn wait(app: Arc<App>, job: Arc<Job>, client: Client) -> Result<Response, Problem> {
    let within = app.jobs.service().config().app.first_byte_within;
    let begun = tokio::select! {
        biased;
        _ = job.over() => None,
        growth = time_to_stream(&job, within), if client.takes_chunks => Some(growth),
    };
    match begun {
        Some(growth) => Ok(stream(app, job, growth, client)),
        None => {
            let growth = job.growth().await;
            answer(app, job.run(), growth).await
        }
    }
}

/// Ends when the body has to begin; never, when the run ends without one.
async fn time_to_stream(job: &Job, within: Duration) -> Growth {
    let begun = async {
        match job.growth().await {
            Some(growth) => growth,
            None => std::future::pending().await,
        }
    };
    if within.is_zero() {
        let mut growth = begun.await;
        let first_byte = growth.beyond(0);
        // A strategy that failed before its first byte can still be answered with its error.
        tokio::select! {
            first = first_byte => if first.is_none() { std::future::pending().await },
            () = sleep(SILENCE) => {}
        }
        growth
    } else {
        let ((), growth) = tokio::join!(sleep(within), begun);
        growth
    }
}

/// What a run that is over answers.
async fn answer(app: Arc<App>, run: Run, growth: Option<Growth>) -> Result<Response, Problem> {
    if run.state != RunState::Succeeded {
        return Err(Problem::of_run(&run));
    }
    let file = match growth {
        Some(growth) => growth.file(),
        None => Arc::new(artifact::open(&app, &run).await?),
    };
    Ok(artifact::whole(app, run, file))
}

/// What has been written so far, and what follows, as it comes.
fn stream(app: Arc<App>, job: Arc<Job>, growth: Growth, client: Client) -> Response {
    let config = app.jobs.service().config();
    let spec = &config.strategy.artifact;
    let mut head = headers::name(&job.run(), &spec.filename, &spec.format, &spec.content_type);
    if client.takes_trailers {
        let names = HeaderValue::from_static("X-Checksum-Sha256, X-Size");
        head.insert(TRAILER, names);
    }
    // Only stores make a run last longer than its artifact grows.
    let held = if config.stores.is_empty() { 0 } else { HELD };
    let (feed, body) = flow(None);
    tokio::spawn(async move {
        let id = job.request().id.clone();
        let taken = follow(&job, growth, feed, held).await;
        drop(client.leash);
        artifact::note(&app, &job.over().await, 0, taken).await;
        tracing::debug!(id, ?taken, "a streamed export has ended");
    });
    (head, axum::body::Body::new(body)).into_response()
}

/// Stops a run whose client is gone, if it was asked to; one that is over does not notice.
struct Leash(Option<Arc<Job>>);

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(job) = &self.0 {
            job.cancel().cancel(Reason::Requested);
        }
    }
}
