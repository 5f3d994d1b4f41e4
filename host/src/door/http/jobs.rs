//! `/backup/jobs`: what runs and what ran.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::App;
use super::answer::Problem;
use crate::cancel::Reason;
use crate::service::{Known, Progress, Run};

/// Runs in a list, unless the caller says how many.
const LISTED: usize = 50;
/// And at most.
const MOST: usize = 1000;

/// A run as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(super) struct View {
    #[serde(flatten)]
    run: Run,
    /// Of the artifact: so far, or in all.
    bytes: u64,
    /// While it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    status_url: String,
    events_url: String,
    /// While the artifact is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
}

/// The query of `GET /backup/jobs` and `GET /backup/runs`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Paging {
    /// The youngest so many.
    limit: Option<usize>,
}

/// Runs, youngest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Jobs")]
pub(super) struct List {
    jobs: Vec<View>,
}

/// What `sidecar runs` prints: the journal, as it is written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Runs")]
pub(super) struct Journal {
    runs: Vec<Run>,
}

impl View {
    /// May wait for the disk.
    pub(super) fn of(app: &App, known: &Known) -> Self {
        let run = known.run();
        let progress = match known {
            Known::Here(job) if !run.state.is_over() => Some(job.progress()),
            _ => None,
        };
        let url = format!("/backup/jobs/{}", run.id);
        let kept = app.jobs.service().kept_artifact(&run).is_some();
        let size = run.artifact.as_ref().map(|artifact| artifact.size);
        let so_far = progress.as_ref().map(|progress| progress.bytes);
        Self {
            bytes: size.or(so_far).unwrap_or(0),
            progress,
            events_url: format!("{url}/events"),
            download_url: kept.then(|| format!("{url}/artifact")),
            status_url: url,
            run,
        }
    }
}

/// Answers with the youngest runs, youngest first.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    query: Result<Query<Paging>, QueryRejection>,
) -> Result<Json<List>, Problem> {
    let Query(paging) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = paging.limit.unwrap_or(LISTED).min(MOST);
    let list = move |app: &App| {
        let runs = app.jobs.service().history().list(limit).into_iter();
        let known = runs.map(|run| {
            app.jobs
                .get(&run.id)
                .unwrap_or(Known::Written(Box::new(run)))
        });
        known.map(|known| View::of(app, &known)).collect()
    };
    Ok(Json(List {
        jobs: app.blocking(list).await?,
    }))
}

/// Answers with the journal, youngest first.
pub(super) async fn journal(
    State(app): State<Arc<App>>,
    query: Result<Query<Paging>, QueryRejection>,
) -> Result<Json<Journal>, Problem> {
    let Query(paging) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = paging.limit.unwrap_or(LISTED).min(MOST);
    let runs = app.blocking(move |app| app.jobs.service().runs(limit));
    Ok(Json(Journal { runs: runs.await? }))
}

/// Answers how a run stands.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<View>, Problem> {
    let known = find(&app, id).await?;
    Ok(Json(app.blocking(move |app| View::of(app, &known)).await?))
}

/// Stops a run: it and every process that it started are gone when this answers.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<View>, Problem> {
    let known = find(&app, id).await?;
    match &known {
        Known::Here(job) => {
            job.cancel().cancel(Reason::Requested);
            job.over().await;
        }
        Known::Written(run) if !run.state.is_over() => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "not-ours",
                "the run belongs to another process of the sidecar",
            )
            .hint("stop it where it was started"));
        }
        Known::Written(_) => {}
    }
    Ok(Json(app.blocking(move |app| View::of(app, &known)).await?))
}

/// The run with this id, or the error for whoever asks for it.
pub(super) async fn find(app: &Arc<App>, id: String) -> Result<Known, Problem> {
    let known = app.blocking(move |app| app.jobs.get(&id)).await?;
    known.ok_or_else(|| {
        Problem::not_found("there is no such job").hint("GET /backup/jobs lists them")
    })
}
