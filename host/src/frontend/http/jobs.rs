//! `/backup/jobs`: runs, in progress and over.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error_response::ErrorResponse;
use super::set_export::is_set;
use super::state::ApiState;
use crate::cancel::Reason;
use crate::service::{PostState, Progress, Run, RunHandle};

/// Runs in a list, unless the client asks for another number.
const DEFAULT_LIMIT: usize = 50;
/// The most runs in a list.
const MAX_LIMIT: usize = 1000;

/// A run as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(super) struct JobView {
    #[serde(flatten)]
    run: Run,
    /// The size of the artifact, so far or in all.
    bytes: u64,
    /// Only while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// "post" while the strategy is gone and the operator's `post` runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    status_url: String,
    events_url: String,
    /// Only while the artifact is cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
    /// Of a set in progress: how its members stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    members: Vec<Run>,
}

/// The query of `GET /backup/jobs` and `GET /backup/runs`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PageQuery {
    /// How many runs, from the newest.
    limit: Option<usize>,
    /// Only those of this one of several strategies.
    strategy: Option<String>,
}

/// Runs, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Jobs")]
pub(super) struct JobList {
    jobs: Vec<JobView>,
}

/// The journal, as `sidecar runs` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Runs")]
pub(super) struct RunJournal {
    runs: Vec<Run>,
}

impl JobView {
    /// May wait for the disk.
    pub(super) fn of(app: &ApiState, handle: &RunHandle) -> Self {
        let run = handle.run();
        let progress = match handle {
            RunHandle::Here(job) if !run.state.is_over() => Some(job.progress()),
            _ => None,
        };
        let phase = match handle {
            RunHandle::Here(job) if job.post() == PostState::Running => Some("post"),
            _ => None,
        };
        let url = format!("/backup/jobs/{}", run.id);
        let cached = !is_set(&run) && app.jobs.service().cached_artifact(&run).is_some();
        let size = run.artifact.as_ref().map(|artifact| artifact.size);
        let so_far = progress.as_ref().map(|progress| progress.bytes);
        Self {
            bytes: size.or(so_far).unwrap_or(0),
            progress,
            phase,
            events_url: format!("{url}/events"),
            download_url: cached.then(|| format!("{url}/artifact")),
            status_url: url,
            members: match handle {
                RunHandle::Here(job) => job.members().iter().map(|one| one.run()).collect(),
                RunHandle::Written(_) => Vec::new(),
            },
            run,
        }
    }
}

/// Answers with the newest runs, newest first.
pub(super) async fn list(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<JobList>, ErrorResponse> {
    let Query(page) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let list = move |app: &ApiState| {
        let service = app.jobs.service().strategy(page.strategy.as_deref())?;
        let runs = service.runs(limit).into_iter();
        let handles = runs.map(|run| {
            app.jobs
                .get(&run.id)
                .unwrap_or(RunHandle::Written(Box::new(run)))
        });
        let jobs = handles.map(|handle| JobView::of(app, &handle));
        Ok::<_, ErrorResponse>(jobs.collect())
    };
    Ok(Json(JobList {
        jobs: app.blocking(list).await??,
    }))
}

/// Answers with the journal, newest first.
pub(super) async fn journal(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<RunJournal>, ErrorResponse> {
    let Query(page) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let runs = app.blocking(move |app| {
        let service = app.jobs.service().strategy(page.strategy.as_deref())?;
        Ok::<_, ErrorResponse>(service.runs(limit))
    });
    Ok(Json(RunJournal { runs: runs.await?? }))
}

/// Answers how a run stands.
pub(super) async fn status(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ErrorResponse> {
    let handle = find(&app, id).await?;
    Ok(Json(
        app.blocking(move |app| JobView::of(app, &handle)).await?,
    ))
}

/// Stops a run: the strategy and every process that it started are gone when this answers. Its `post` may
/// run after that, as the job then says.
pub(super) async fn cancel(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ErrorResponse> {
    let handle = find(&app, id).await?;
    stop(&handle).await?;
    Ok(Json(
        app.blocking(move |app| JobView::of(app, &handle)).await?,
    ))
}

/// Stops a run, and waits until its strategy is gone. One that is over stays as it is.
pub(super) async fn stop(handle: &RunHandle) -> Result<(), ErrorResponse> {
    match handle {
        RunHandle::Here(job) => {
            job.cancel().cancel(Reason::Requested);
            job.stopped().await;
            Ok(())
        }
        RunHandle::Written(run) if !run.state.is_over() => Err(ErrorResponse::new(
            StatusCode::CONFLICT,
            "not-ours",
            "the run belongs to another process of the sidecar",
        )
        .hint("stop it where it was started")),
        RunHandle::Written(_) => Ok(()),
    }
}

/// The run with this id, or the error for the client that asks for it.
pub(super) async fn find(app: &Arc<ApiState>, id: String) -> Result<RunHandle, ErrorResponse> {
    let handle = app.blocking(move |app| app.jobs.get(&id)).await?;
    handle.ok_or_else(|| {
        ErrorResponse::not_found("there is no such job").hint("GET /backup/jobs lists them")
    })
}
