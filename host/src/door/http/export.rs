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
use super::body::{Feed, Taken, flow};
use super::request::{Parameters, prefers_async};
use super::{App, Peer, artifact, headers};
use crate::cancel::Reason;
use crate::clock;
use crate::error::Kind;
use crate::service::{Growth, Job, Kind as RunKind, Known, Request, Run, State as RunState};

/// How long a client may be left without a byte when it is to get them at once and none comes:
/// well below the 300 s that the orchestrator waits.
const SILENCE: Duration = Duration::from_secs(120);

/// The answer to whoever does not wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Accepted {
    job_id: String,
    /// Where to see how it stands.
    status_url: String,
    /// Where the artifact will be; a restore makes none.
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
    let known = start(&app, request).await?;
    if prefers_async(&request_headers) {
        return Ok(accepted(&known.run()));
    }
    match known {
        Known::Here(job) => wait(app, job, version, parameters.cancel_on_disconnect).await,
        Known::Written(run) => answer(app, *run, None).await,
    }
}

/// Makes a backup and answers at once; the artifact can be fetched from the job.
pub(super) async fn run(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request_headers: HeaderMap,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let request = Parameters::read(query)?.request(&request_headers, peer)?;
    Ok(accepted(&start(&app, request).await?.run()))
}

pub(super) async fn start(app: &Arc<App>, request: Request) -> Result<Known, Problem> {
    app.blocking(|app| {
        app.jobs.start(request).map_err(|error| match error.kind() {
            Kind::Busy => busy(app, error.into()),
            _ => error.into(),
        })
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

pub(super) fn accepted(run: &Run) -> Response {
    let status_url = format!("/backup/jobs/{}", run.id);
    let location = HeaderValue::from_str(&status_url)
        .ok()
        .map(|url| (LOCATION, url));
    let body = Accepted {
        job_id: run.id.clone(),
        download_url: (run.kind == RunKind::Backup).then(|| format!("{status_url}/artifact")),
        status_url,
    };
    let headers: HeaderMap = location.into_iter().collect();
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}

/// Waits for the end of the run, but not longer than the client can.
async fn wait(
    app: Arc<App>,
    job: Arc<Job>,
    version: Version,
    cancel_on_disconnect: bool,
) -> Result<Response, Problem> {
    let leash = Leash(cancel_on_disconnect.then(|| job.clone()));
    let within = app.jobs.service().config().app.first_byte_within;
    // Without chunks, a body that breaks off could not be told from one that ends.
    let can_stream = version >= Version::HTTP_11;
    let begun = tokio::select! {
        biased;
        _ = job.over() => None,
        growth = time_to_stream(&job, within), if can_stream => Some(growth),
    };
    match begun {
        Some(growth) => Ok(stream(app, job, growth, leash)),
        None => {
            leash.let_go();
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
fn stream(app: Arc<App>, job: Arc<Job>, growth: Growth, leash: Leash) -> Response {
    let spec = &app.jobs.service().config().strategy.artifact;
    let mut head = headers::name(&job.run(), &spec.filename, &spec.format, &spec.content_type);
    head.insert(
        TRAILER,
        HeaderValue::from_static("X-Checksum-Sha256, X-Size"),
    );
    let (feed, body) = flow(None);
    tokio::spawn(async move {
        let id = job.request().id.clone();
        let taken = follow(&job, growth, feed, leash).await;
        artifact::note(&app, &job.over().await, 0, taken).await;
        tracing::debug!(id, ?taken, "a streamed export has ended");
    });
    (head, axum::body::Body::new(body)).into_response()
}

/// Sends the spool while it grows. Only a run that succeeded gives the body a good end.
async fn follow(job: &Job, mut growth: Growth, feed: Feed, leash: Leash) -> Taken {
    let file = growth.file();
    let mut sent = 0;
    loop {
        let written = tokio::select! {
            written = growth.beyond(sent) => written,
            () = feed.gone() => return feed.give_up().await,
        };
        let Some(written) = written else { break };
        if feed.send_file(&file, sent..written).await.is_err() {
            return feed.give_up().await;
        }
        sent = written;
    }
    let run = job.over().await;
    leash.let_go();
    match run.artifact.filter(|artifact| artifact.size == sent) {
        Some(artifact) => feed.end(Some(headers::measure(&artifact))).await,
        None => feed.give_up().await,
    }
}

/// Stops a run whose client is gone, if it was asked to.
struct Leash(Option<Arc<Job>>);

impl Leash {
    /// The run is over, or nobody needs to be told any more.
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(job) = &self.0 {
            job.cancel().cancel(Reason::Requested);
        }
    }
}
