//! The addresses of the page. Each is an operation of the API to a person, and needs the same scope.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use super::frame::MenuEntry;
use super::scope::guarded;
use super::visit::{Site, visit};
use super::{
    assets, backup, backups, check, drills, events, overview, restore, run, runs, settings, sign_in,
};
use crate::config::TokenScope;
use crate::frontend::http::operations::operations;
use crate::frontend::http::state::ApiState;
use crate::frontend::http::{artifact, log};

/// The page. What is at `/` and below `ui/` needs a session, except for the files and signing in.
pub(in crate::frontend::http) fn routes(app: &Arc<ApiState>) -> Router<Arc<ApiState>> {
    let operations = operations();
    let may = |name: &str, handler: MethodRouter<Arc<ApiState>>| {
        let operation = operations.iter().find(|operation| operation.name() == name);
        let needs = operation.and_then(|operation| operation.needs);
        guarded(app, name, needs.unwrap_or(TokenScope::Admin), handler)
    };
    let site = Site {
        sign_in: app.sign_in.clone(),
        menu: &MenuEntry::OF_SIDECAR,
    };
    Router::new()
        .route("/", may("GET /backup/status", get(overview::overview)))
        .merge(sign_in::routes::<Arc<ApiState>>(app.sign_in.clone()))
        .route(
            "/ui/backups",
            may("GET /backup/backups", get(backups::backups)),
        )
        .route(
            "/ui/backups/{id}",
            may("GET /backup/backups/{id}", get(backup::backup)),
        )
        .route(
            "/ui/backups/{id}/artifact",
            may("GET /backup/backups/{id}/artifact", get(backup::download)),
        )
        .route(
            "/ui/backups/{id}/verify",
            may("POST /backup/backups/{id}/verify", post(backup::verify)),
        )
        .route(
            "/ui/restore/{id}",
            may("POST /backup/restore", get(restore::what)),
        )
        .route(
            "/ui/restore/{id}/where",
            may("POST /backup/restore", get(restore::to_where)),
        )
        .route(
            "/ui/restore/{id}/read",
            may(
                "POST /backup/restore",
                get(restore::read).post(restore::confirm),
            ),
        )
        .route(
            "/ui/runs",
            may("GET /backup/jobs", get(runs::runs))
                .merge(may("POST /backup/run", post(runs::start))),
        )
        .route("/ui/runs/{id}", may("GET /backup/jobs/{id}", get(run::run)))
        .route(
            "/ui/runs/{id}/log",
            may("GET /backup/jobs/{id}/log", get(log::log)),
        )
        .route(
            "/ui/runs/{id}/artifact",
            may("GET /backup/jobs/{id}/artifact", get(artifact::fetch)),
        )
        .route(
            "/ui/runs/{id}/cancel",
            may(
                "DELETE /backup/jobs/{id}",
                get(run::ask_to_cancel).post(run::cancel),
            ),
        )
        .route(
            "/ui/drills",
            may("GET /backup/status", get(drills::drills))
                .merge(may("POST /backup/drill", post(drills::start))),
        )
        .route(
            "/ui/sidecar",
            may("GET /backup/config", get(settings::settings)),
        )
        .route(
            "/ui/check",
            may("POST /backup/check", get(check::ask).post(check::check)),
        )
        .route("/ui/events", may("GET /backup/events", get(events::events)))
        .route_layer(from_fn_with_state(site, visit))
        .route("/ui/files/{name}", get(assets::asset))
}

/// From an address below `ui/` that is a form's alone, the relative address of the screen that it belongs to.
pub(in crate::frontend::http) fn screen_above(path: &str) -> Option<String> {
    let (above, _) = path
        .strip_prefix("/ui/")?
        .rsplit_once('/')
        .unwrap_or_default();
    match above.rsplit('/').next() {
        Some("") | None => Some("../".to_owned()),
        Some(screen) => Some(format!("../{screen}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_of_a_form_is_the_one_above_it() {
        let above = |path: &str| screen_above(path).unwrap_or_default();
        assert_eq!(above("/ui/backups/0193/verify"), "../0193");
        assert_eq!(above("/ui/sign-out"), "../");
        assert_eq!(screen_above("/backup/run"), None);
    }
}
