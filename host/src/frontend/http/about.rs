//! `GET /backup/config` and `GET /backup/modules`: what this sidecar was told, and what its modules may do.

use std::sync::Arc;

use axum::extract::State;

use super::error_response::ErrorResponse;
use super::shown::Shown;
use super::state::ApiState;
use crate::service::{ModuleAccess, ShownConfig};

/// Answers with the configuration in force, without secrets.
pub(super) async fn config(
    State(app): State<Arc<ApiState>>,
) -> Result<Shown<ShownConfig>, ErrorResponse> {
    Ok(Shown(
        app.blocking(|app| app.jobs.service().shown_config())
            .await?,
    ))
}

/// Answers what each module is, what it asks for, and what it may have.
pub(super) async fn modules(
    State(app): State<Arc<ApiState>>,
) -> Result<Shown<ModuleAccess>, ErrorResponse> {
    Ok(Shown(
        app.blocking(|app| app.jobs.service().module_access())
            .await?,
    ))
}
