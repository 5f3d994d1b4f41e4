//! `POST /backup/drill`: tries whether the latest backup comes back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;

use super::error_response::ErrorResponse;
use super::request::idempotency_key;
use super::start::{accepted, start};
use super::state::{ApiState, Peer};
use crate::service::RunRequest;

/// The query of `POST /backup/drill`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DrillQuery {
    /// Which of several strategies; required where there are several.
    #[serde(default)]
    strategy: Option<String>,
}

/// Starts a drill, which waits for a replica that uses the scratch target, and answers at once.
pub(super) async fn drill(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    query: Result<Query<DrillQuery>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let service = app.jobs.service();
    if query.strategy.is_none() && !service.members().is_empty() {
        return Err(
            ErrorResponse::bad_request("there are several strategies: which one?")
                .hint("send ?strategy=NAME: each has a drill of its own"),
        );
    }
    service
        .strategy(query.strategy.as_deref())?
        .require_drill()?;
    let request = RunRequest {
        strategy: query.strategy,
        asked_by: peer.asked_by(),
        idempotency_key: idempotency_key(&headers)?,
        ..RunRequest::drill()
    };
    Ok(accepted(&start(&app, request).await?, false))
}
