//! The log of requests, which every one passes.

use std::time::Instant;

use axum::Extension;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use super::state::Peer;

/// Logs each request with its status and its duration.
pub(super) async fn log(
    Extension(Peer(address)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    tracing::debug!(%address, %method, path, status, ?took, "answered");
    response
}
