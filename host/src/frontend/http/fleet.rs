//! What the server of a fleet answers: its page, and the same for scripts.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use super::accept::ConnectionContext;
use super::auth::authenticate;
use super::cookie::CookieScope;
use super::error_response::ErrorResponse;
use super::router::bounded;
use super::server::Served;
use super::shown::Shown;
use super::sign_in::SignIn;
use super::{health, page, tls};
use crate::config::FleetConfig;
use crate::error::Result;
use crate::fleet::{Fleet, FleetStatus};

/// The page of a fleet, ready to be served.
pub struct FleetPage(ConnectionContext);

impl FleetPage {
    /// A page of this fleet. Fails when the certificate cannot be used.
    pub fn new(config: &FleetConfig, fleet: &Arc<Fleet>) -> Result<Self> {
        let tls = config.listen.tls.as_ref();
        let tls = tls.map(tls::acceptor).transpose()?;
        let sign_in = Arc::new(SignIn::new(
            &config.secrets,
            &CookieScope::of(&config.listen),
        ));
        let router = router(fleet, &sign_in);
        Ok(Self(ConnectionContext { router, tls }))
    }

    /// For a server.
    pub fn served(&self) -> Served {
        Served(self.0.clone())
    }
}

fn router(fleet: &Arc<Fleet>, sign_in: &Arc<SignIn>) -> Router {
    // A token of any scope may see.
    let status = get(status).route_layer(from_fn_with_state(sign_in.clone(), authenticate));
    let routes = page::fleet_routes(sign_in)
        .route("/fleet/status", status)
        .route("/healthz", get(health::healthy))
        .fallback(not_found);
    bounded(routes).with_state(fleet.clone())
}

/// `GET /fleet/status`: how every sidecar stands.
async fn status(State(fleet): State<Arc<Fleet>>) -> Shown<FleetStatus> {
    Shown(fleet.status())
}

async fn not_found() -> ErrorResponse {
    ErrorResponse::not_found("there is nothing here")
        .hint("GET /fleet/status says how every sidecar stands; each has an API of its own")
}
