//! `/healthz` and `/readyz`: no token, and nothing to learn but whether it works.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::App;

/// The process answers.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// A backup could be made; else the name of the first check that failed.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
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
