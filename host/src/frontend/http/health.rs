//! `/healthz` and `/readyz`: without a token; they tell nothing but whether the sidecar works.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::state::ApiState;

/// Where that is asked: places for connections are kept for it.
pub(super) const PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// Answers that the process is alive.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// Answers whether a backup could be made, or the name of the first check that failed.
pub(super) async fn ready(State(app): State<Arc<ApiState>>) -> (StatusCode, &'static str) {
    if app.jobs.is_closed() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting-down\n");
    }
    let failed = app.blocking(|app| match app.jobs.service().ready() {
        Ok(()) => None,
        Err(unready) => {
            tracing::warn!(
                check = unready.check,
                hint = unready.error.hint_text(),
                "not ready: {}",
                unready.error
            );
            Some(unready.check)
        }
    });
    match failed.await {
        Ok(None) => (StatusCode::OK, "ok\n"),
        Ok(Some(check)) => (StatusCode::SERVICE_UNAVAILABLE, check),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "internal\n"),
    }
}
