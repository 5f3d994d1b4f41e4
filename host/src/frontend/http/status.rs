//! `GET /backup/status`: how each strategy stands.

use std::sync::Arc;

use axum::extract::State;

use super::error_response::ErrorResponse;
use super::shown::Shown;
use super::state::ApiState;
use crate::service::SidecarStatus;

/// Answers how each strategy stands now, and of several the set.
pub(super) async fn status(
    State(app): State<Arc<ApiState>>,
) -> Result<Shown<SidecarStatus>, ErrorResponse> {
    Ok(Shown(app.blocking(|app| app.jobs.status()).await?))
}
