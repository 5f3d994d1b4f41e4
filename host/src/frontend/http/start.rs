//! Starting a run for a client, and the answer to a client that does not wait for it.

use std::sync::Arc;

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::error_response::ErrorResponse;
use super::set_export::is_set;
use super::state::ApiState;
use crate::cancel::Reason;
use crate::clock;
use crate::error::Kind;
use crate::service::{Job, RunHandle, RunRequest};

/// The answer to a client that does not wait for its run.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Accepted {
    job_id: String,
    /// Where to see how it stands.
    status_url: String,
    /// Where the artifact will be, unless the run makes none, or only for the stores. Of a set, its members have one each.
    #[serde(skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
    /// Of a set: the jobs of its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    members: Vec<AcceptedMember>,
}

/// The job of a member of a set.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AcceptedMember {
    /// The strategy's name in the configuration.
    strategy: String,
    job_id: String,
    status_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
}

/// Cancels a run when it is dropped, if it holds one; a run that is over does not notice.
pub(super) struct CancelOnDrop(Option<Arc<Job>>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(job) = &self.0 {
            job.cancel().cancel(Reason::Requested);
        }
    }
}

/// Starts a run that goes on without its client.
pub(super) async fn start(
    app: &Arc<ApiState>,
    request: RunRequest,
) -> Result<RunHandle, ErrorResponse> {
    Ok(start_cancellable(app, request, false).await?.0)
}

/// Starts a run that ends with the returned guard, if `cancel_on_drop`. Both are made in one step,
/// because the client may go away before the caller could make the guard.
pub(super) async fn start_cancellable(
    app: &Arc<ApiState>,
    request: RunRequest,
    cancel_on_drop: bool,
) -> Result<(RunHandle, CancelOnDrop), ErrorResponse> {
    app.blocking(move |app| {
        let handle = app
            .jobs
            .start(request)
            .map_err(|error| match error.kind() {
                Kind::Busy => busy(app, error.into()),
                _ => error.into(),
            })?;
        let job = match &handle {
            RunHandle::Here(job) if cancel_on_drop => Some(job.clone()),
            _ => None,
        };
        Ok((handle, CancelOnDrop(job)))
    })
    .await?
}

/// Adds which run is in the way, and when to come back.
fn busy(app: &ApiState, response: ErrorResponse) -> ErrorResponse {
    let config = app.jobs.service().config();
    let Some(run) = app.jobs.in_progress() else {
        return response
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
    response
        .status_url(format!("/backup/jobs/{}", run.id))
        .retry_after(left.clamp(5, 300))
}

/// The answer for a run that has been started; `downloadable` if its artifact can be fetched later.
pub(super) fn accepted(handle: &RunHandle, downloadable: bool) -> Response {
    let run = handle.run();
    let status_url = format!("/backup/jobs/{}", run.id);
    let location = HeaderValue::from_str(&status_url)
        .ok()
        .map(|url| (LOCATION, url));
    let body = Accepted {
        job_id: run.id.clone(),
        download_url: (downloadable && !is_set(&run)).then(|| format!("{status_url}/artifact")),
        members: members(handle, downloadable),
        status_url,
    };
    let headers: HeaderMap = location.into_iter().collect();
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}

fn members(handle: &RunHandle, downloadable: bool) -> Vec<AcceptedMember> {
    let RunHandle::Here(job) = handle else {
        return Vec::new();
    };
    let member = |job: &Arc<Job>| {
        let run = job.run();
        let status_url = format!("/backup/jobs/{}", run.id);
        AcceptedMember {
            strategy: run.member.unwrap_or_default(),
            job_id: run.id,
            download_url: downloadable.then(|| format!("{status_url}/artifact")),
            status_url,
        }
    };
    job.members().iter().map(member).collect()
}
