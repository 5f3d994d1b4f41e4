//! `GET /backup/jobs/{id}/log`: what the commands and the module of a run have said.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use schemars::JsonSchema;
use serde::Deserialize;

use super::error_response::ErrorResponse;
use super::jobs::find;
use super::shown::Shown;
use super::state::ApiState;
use crate::service::LogExcerpt;

/// The query of `GET /backup/jobs/{id}/log`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    /// Leaves out so many lines from the first: `next` of the answer before.
    #[serde(default)]
    after: u64,
}

/// Answers with the last lines of a run.
pub(super) async fn log(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Shown<LogExcerpt>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let run = find(&app, id).await?;
    let read = move |app: &ApiState| app.jobs.log(&run, query.after);
    Ok(Shown(app.blocking(read).await?))
}
