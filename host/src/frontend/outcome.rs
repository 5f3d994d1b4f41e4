//! How each kind of error ends: the only map to exit codes and HTTP statuses.

use axum::http::StatusCode;

use crate::error::Kind;

/// The exit code after wrong usage of the command line.
pub(super) const USAGE: u8 = 2;

/// The exit code of a command that ends with such an error.
pub(super) fn exit_code(kind: Kind) -> u8 {
    outcome(kind).0
}

/// The status of a request that ends with such an error.
pub(super) fn http_status(kind: Kind) -> StatusCode {
    outcome(kind).1
}

fn outcome(kind: Kind) -> (u8, StatusCode) {
    match kind {
        Kind::BadRequest => (USAGE, StatusCode::BAD_REQUEST),
        Kind::NotFound => (2, StatusCode::NOT_FOUND),
        Kind::Config | Kind::Denied => (3, StatusCode::INTERNAL_SERVER_ERROR),
        Kind::Verification => (4, StatusCode::INTERNAL_SERVER_ERROR),
        Kind::Busy => (5, StatusCode::CONFLICT),
        Kind::Run | Kind::Cancelled => (1, StatusCode::INTERNAL_SERVER_ERROR),
        Kind::ShuttingDown => (1, StatusCode::SERVICE_UNAVAILABLE),
        Kind::Forbidden => (1, StatusCode::FORBIDDEN),
        Kind::Upstream => (1, StatusCode::BAD_GATEWAY),
    }
}
