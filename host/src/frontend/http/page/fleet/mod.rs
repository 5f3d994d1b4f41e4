//! The page of a fleet: every sidecar in a row, the worst first.
//!
//! ```text
//! screen ──► row, what one shows ──► filter, whether it is shown
//! events ──► beats
//! ```
//!
//! A row stays where it was when the page was opened: what changes is put in its place.

mod events;
mod filter;
mod row;
mod screen;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use super::visit::{Site, visit};
use super::{assets, sign_in};
use crate::fleet::Fleet;
use crate::frontend::http::sign_in::SignIn;

/// What is at `/` and below `ui/` needs a session, of any scope: each may see. Not so files and signing in.
pub(in crate::frontend::http) fn routes(sign_in: &Arc<SignIn>) -> Router<Arc<Fleet>> {
    let site = Site {
        sign_in: sign_in.clone(),
        menu: &[],
    };
    Router::new()
        .route("/", get(screen::fleet))
        .route("/ui/events", get(events::events))
        .merge(sign_in::routes::<Arc<Fleet>>(sign_in.clone()))
        .route_layer(from_fn_with_state(site, visit))
        .route("/ui/files/{name}", get(assets::asset))
}
