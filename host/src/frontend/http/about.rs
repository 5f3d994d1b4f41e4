//! `GET /backup/config` and `GET /backup/modules`: what this sidecar was told, and what its modules may do.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;

use super::auth::Caller;
use super::error_response::ErrorResponse;
use super::shown::Shown;
use super::state::ApiState;
use crate::config::TokenScope;
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

/// Answers what each module is, what it asks for, and what it may have; the lines themselves, as the configuration has
/// them, to those who may see that.
pub(super) async fn modules(
    State(app): State<Arc<ApiState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Shown<ModuleAccess>, ErrorResponse> {
    let access = app.blocking(|app| app.jobs.service().module_access());
    let access = access.await?;
    Ok(Shown(match caller.scope >= TokenScope::Admin {
        true => access,
        false => access.without_lines(),
    }))
}
