//! The addresses of the page. What an action does, a route of the API does too.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::visit::visit;
use super::{
    assets, backup, backups, drills, events, overview, restore, run, runs, settings, sign_in,
};
use crate::frontend::http::state::ApiState;
use crate::frontend::http::{artifact, backups as stored};

/// The page. What is at `/` and below `ui/` needs a session, except for the files and signing in.
pub(in crate::frontend::http) fn routes(app: &Arc<ApiState>) -> Router<Arc<ApiState>> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/ui/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/ui/sign-out", post(sign_in::sign_out))
        .route("/ui/backups", get(backups::backups))
        .route("/ui/backups/{id}", get(backup::backup))
        .route("/ui/backups/{id}/artifact", get(stored::artifact))
        .route("/ui/backups/{id}/verify", post(backup::verify))
        .route("/ui/restore/{id}", get(restore::what))
        .route("/ui/restore/{id}/where", get(restore::to_where))
        .route(
            "/ui/restore/{id}/read",
            get(restore::read).post(restore::confirm),
        )
        .route("/ui/runs", get(runs::runs).post(runs::start))
        .route("/ui/runs/{id}", get(run::run))
        .route("/ui/runs/{id}/artifact", get(artifact::fetch))
        .route(
            "/ui/runs/{id}/cancel",
            get(run::ask_to_cancel).post(run::cancel),
        )
        .route("/ui/drills", get(drills::drills).post(drills::start))
        .route("/ui/sidecar", get(settings::settings))
        .route("/ui/events", get(events::events))
        .route_layer(from_fn_with_state(app.clone(), visit))
        .route("/ui/files/{name}", get(assets::asset))
}
