//! What every request passes: the log, and the limits of its body.

use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::Response;

use super::error_response::ErrorResponse;
use super::state::Peer;

/// The largest body of a request: many times what any of them needs.
const MAX_BODY_SIZE: usize = 64 * 1024;
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the whole body, so that no connection stays with an unread one.
pub(super) async fn read_body(request: Request, next: Next) -> Result<Response, ErrorResponse> {
    let too_large = || {
        ErrorResponse::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body of the request is too large",
        )
        .hint(format!("a body may have {MAX_BODY_SIZE} bytes"))
    };
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_SIZE) {
        return Err(too_large());
    }
    let (head, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_SIZE)).await;
    match read {
        Ok(Ok(body)) => Ok(next.run(Request::from_parts(head, Body::from(body))).await),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(ErrorResponse::bad_request(
            "the body of the request did not arrive in time",
        )),
    }
}

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
